"""What callers who wait hear and are asked: place and wait, the exit key, a callback and its number."""
