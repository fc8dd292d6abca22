"""Dialogs: the state that two user agents share (RFC 3261 §12)."""
