"""The HTTP API that the command line and the pages use."""
