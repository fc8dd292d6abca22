"""Conferences that are dialled into."""
