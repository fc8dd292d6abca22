"""Facts on disk: the shared ring, the writer, the segment files."""
