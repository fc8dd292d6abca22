"""The package ``reg`` (RFC 3680): which phones of one's own are registered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b

from softswitch.app.events.package import Content, Telling, own_resource
from softswitch.core.facts import Record
from softswitch.directory.location import Binding, LocationState, RegistrationBound, RegistrationRemoved
from softswitch.directory.site import Site, User
from softswitch.sip.bodies.reginfo import CONTENT_TYPE, ContactState, write_reginfo
from softswitch.sip.message import Request
from softswitch.sip.ua.subscription import Duration
from softswitch.sip.uri import Uri


class RegPackage:
    """Tells users which of their phones are registered; nobody else.

    Args:
        locations: where phones are.
        site: the users.
        domain: the host part of addresses.
        wall_s: the time.
    """

    name = "reg"
    content_types = (CONTENT_TYPE,)
    duration = Duration()
    follows = frozenset({RegistrationBound, RegistrationRemoved})
    listed = False

    def __init__(
        self, locations: LocationState, site: Callable[[], Site], domain: str, wall_s: Callable[[], float]
    ) -> None:
        self._locations = locations
        self._site = site
        self._domain = domain
        self._wall_s = wall_s

    def resource(self, request: Request, number: str, watcher: User) -> str:
        """Return the watcher's extension."""
        return own_resource(number, watcher)

    def touched(self, record: Record) -> Iterable[str]:
        """Return the extension of whose phone a fact is about."""
        user = self._site().users.get(record.fact.user)
        return () if user is None else (user.extension,)

    def state(self, resource: str) -> tuple[ContactState, ...]:
        """Return the phones that are registered; a refresh changes their CSeq, and so is told."""
        user = self._site().user_by_extension(resource)
        return () if user is None else tuple(map(_contact, self._locations.contacts_of(user.name)))

    def write(self, telling: Telling) -> Content:
        """Write the document."""
        aor = str(Uri("sip", telling.watch.resource, self._domain))
        body = write_reginfo(aor, telling.version, telling.state, wall_s=self._wall_s())
        return Content(CONTENT_TYPE, body)


def _contact(binding: Binding) -> ContactState:
    name = blake2b(binding.key.encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()
    return ContactState(
        name, binding.contact, binding.sip_call_id, binding.cseq, binding.user_agent, binding.expires_at_s
    )
