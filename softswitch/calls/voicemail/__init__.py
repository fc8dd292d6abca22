"""Voicemail: what callers said into whose box, and what became of it. A fold of facts, beside the calls' own."""
