"""Sound: what the brain asks for (engine) and the processes that do it (worker)."""
