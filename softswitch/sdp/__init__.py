"""SDP without I/O: descriptions (RFC 8866) and offer/answer (RFC 3264)."""
