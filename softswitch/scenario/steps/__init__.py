"""The kinds of steps, one a file. To add one: a file here, a line in :mod:`softswitch.scenario.registry`, a test."""
