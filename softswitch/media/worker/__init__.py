"""The media worker process: every tick, all its legs at once."""
