"""Lets phones read their configuration again, or start anew, by NOTIFY outside of dialogs, spelled as each wants it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from softswitch.core.errors import CommandError
from softswitch.directory.location import Binding, LocationState
from softswitch.directory.phone_models import model_of
from softswitch.directory.site import Site
from softswitch.sip.headers.address import Address
from softswitch.sip.message import Header, Request
from softswitch.sip.ua.user_agent import UserAgent
from softswitch.sip.uri import Uri

OWNER: Final = "resync"


class PhoneResync:
    """Tells phones to look at their configuration.

    Args:
        ua: sends.
        locations: where phones are.
        site: the users.
        domain: the host part of our address.
    """

    def __init__(self, ua: UserAgent, locations: LocationState, site: Callable[[], Site], domain: str) -> None:
        self._ua = ua
        self._locations = locations
        self._site = site
        self._domain = domain

    def resync(self, extension: str, *, reboot: bool, contact: str = "", now: float) -> list[tuple[str, str]]:
        """Tell the phones of a user; return the Contact of each, with the Event that it was sent.

        Args:
            extension: whose phones.
            reboot: whether they shall start anew.
            contact: only the phone of that Contact; empty: all of them.
            now: monotonic seconds.

        Raises:
            CommandError: there is no such user, or no such phone is registered.
        """
        user = self._site().user_by_extension(extension)
        if user is None:
            raise CommandError(
                f"Nobody has extension {extension}.", status=404, error_id="unknown-extension", field="extension"
            )
        phones = [b for b in self._locations.contacts_of(user.name) if contact in ("", b.contact)]
        if not phones:
            raise CommandError(
                f"No phone of {extension} is registered.", status=409, error_id="offline", field="extension"
            )
        return [(binding.contact, self._tell(binding, extension, reboot, now)) for binding in phones]

    def _tell(self, binding: Binding, extension: str, reboot: bool, now: float) -> str:
        model = model_of(binding.user_agent)
        event = model.reboot if reboot else model.resync
        headers: list[Header] = [
            ("From", str(Address(Uri("sip", extension, self._domain)))),
            ("To", f"<{binding.contact}>"),
            ("Event", event),
            ("Subscription-State", "terminated;reason=timeout"),
            *(("Route", route) for route in binding.path),
        ]
        request = Request("NOTIFY", binding.contact, headers)
        self._ua.request(request, binding.flow, owner=OWNER, now=now, contact=True)
        return event
