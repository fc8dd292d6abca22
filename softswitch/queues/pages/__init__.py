"""Pages: somebody speaks to all phones of a group at once."""
