"""SIP without I/O: bytes and the time go in, actions come out (RFC 3261)."""
