"""asyncio transports that carry SIP: UDP and TCP."""
