"""Scenarios: what happens to a caller, step by step, as an administrator wrote it."""
