"""Programs that no one of us wrote, and the switch as a process, for tests with real peers."""
