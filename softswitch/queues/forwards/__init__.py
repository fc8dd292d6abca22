"""Call forwarding: a guide of callers whose user has said where calls go that are not taken."""
