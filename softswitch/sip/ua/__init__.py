"""User agents: one method and role a file, over transactions and dialogs."""
