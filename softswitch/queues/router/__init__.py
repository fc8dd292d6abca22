"""The router of the queues: who waits, who is free, and who is brought together with whom. Pure."""
