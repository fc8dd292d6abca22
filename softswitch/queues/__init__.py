"""Agents and their statuses; the distribution of waiting callers follows."""
