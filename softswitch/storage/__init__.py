"""What people query later: the SQL projection of the facts."""
