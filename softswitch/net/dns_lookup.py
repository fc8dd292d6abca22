"""Asks the system's DNS servers by dnspython."""

from __future__ import annotations

from collections.abc import Sequence

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver

from softswitch.net.locate import Naptr, Srv

_LIFETIME_S = 5.0


class DnsLookup:
    """Implements :class:`softswitch.net.locate.Lookup`.

    Args:
        servers: addresses of DNS servers; none: the system's.
        port: theirs.

    Attributes:
        ttl_s: the shortest time for which one of the answers since the last :meth:`begin` holds; None without any.
    """

    def __init__(self, servers: Sequence[str] = (), port: int = 53) -> None:
        self.ttl_s: int | None = None
        self._resolver = dns.asyncresolver.Resolver(configure=not servers)
        if servers:
            self._resolver.nameservers = list(servers)
            self._resolver.port = port
        self._resolver.lifetime = _LIFETIME_S
        self._resolver.cache = dns.resolver.LRUCache(500)

    def begin(self) -> None:
        """Begin to note anew for how long answers hold."""
        self.ttl_s = None

    async def naptr(self, name: str) -> list[Naptr]:
        """Return the NAPTR records of a name."""
        return [
            Naptr(one.order, one.preference, one.flags.decode(), one.service.decode(), one.replacement.to_text())
            for one in await self._ask(name, dns.rdatatype.NAPTR)
        ]

    async def srv(self, name: str) -> list[Srv]:
        """Return the SRV records of a name."""
        found = await self._ask(name, dns.rdatatype.SRV)
        return [Srv(one.priority, one.weight, one.port, one.target.to_text()) for one in found]

    async def addresses(self, name: str) -> list[str]:
        """Return the addresses of a name, those of IPv4 first."""
        found = [one.address for one in await self._ask(name, dns.rdatatype.A)]
        return found + [one.address for one in await self._ask(name, dns.rdatatype.AAAA)]

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType):  # type: ignore[no-untyped-def]  # noqa: ANN202
        """Ask for records; none where there are none.

        Raises:
            OSError: nobody answers, or the servers failed.
        """
        try:
            answer = await self._resolver.resolve(name, kind, raise_on_no_answer=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except dns.exception.DNSException as error:
            raise OSError(f"the DNS does not tell about {name}: {error}") from error
        if answer.rrset is None:
            return ()
        ttl_s = int(answer.rrset.ttl)
        self.ttl_s = ttl_s if self.ttl_s is None else min(self.ttl_s, ttl_s)
        return answer
