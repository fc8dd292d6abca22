"""User agents: one method and role a file, over transactions and dialogs. The way in is ``user_agent.UserAgent``."""
