"""Bodies of NOTIFY and PUBLISH, one media type a file: written as text, read with suspicion."""
