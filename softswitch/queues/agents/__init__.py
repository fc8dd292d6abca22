"""Whose phones are there, in which status everybody is, and who takes part in which queue."""
