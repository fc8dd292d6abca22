"""Header fields, one family a file; each parses text and writes it again."""
