"""asyncio transports that carry SIP: UDP, TCP, TLS and WebSocket; names by DNS."""
