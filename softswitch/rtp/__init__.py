"""RTP without I/O: packets, RTCP, telephone events (RFC 3550, RFC 4733)."""
