"""What supervisors are told unasked: lost calls, and callers who wait for too long."""
