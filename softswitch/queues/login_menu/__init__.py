"""The voice menu by which users log in to their queues, log out and choose a status."""
