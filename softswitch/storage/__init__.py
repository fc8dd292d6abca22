"""What people query later: SQL tables that are a fold of the facts and can always be made again."""
