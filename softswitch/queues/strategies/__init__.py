"""How a queue chooses among agents who are free: one strategy a file, nine of them shipped (rows C-2 to C-11)."""
