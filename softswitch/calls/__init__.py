"""The back-to-back user agent: conversations, legs, segments."""
