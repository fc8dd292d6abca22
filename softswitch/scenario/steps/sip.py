"""Call a SIP address outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Field

from softswitch.calls.guide_inputs import RingForCaller
from softswitch.calls.inputs import Input
from softswitch.core.errors import SipError
from softswitch.directory.site import is_address
from softswitch.scenario.errands import RESOLVE, Errand, ErrandOver
from softswitch.scenario.model import Seconds, Step
from softswitch.scenario.running import Event, Here, NobodyReached, Over, TimeOver, Wait
from softswitch.sip.uri import Uri, parse_uri

_RINGING: Final = "ringing"
_RESOLVING: Final = "resolving"
_RESOLVE_S: Final = 5.0
_GUARD_S: Final = 10.0


def _address(text: str) -> str:
    try:
        uri = parse_uri(text)
    except SipError:
        uri = None
    if uri is None or uri.scheme != "sip" or not uri.user or uri.transport not in {"udp", "tcp"}:
        raise ValueError(f"'{text[:60]}' is no SIP address that can be called|sip:desk@example.net")
    return text


class Sip(Step):
    """Forward to a SIP address that is not of this switch; its host is looked up first where it is a name."""

    kind: ClassVar[str] = "sip"

    to: Annotated[str, AfterValidator(_address)] = Field(examples=['"sip:desk@example.net"'])
    ring_s: Seconds = Field(40.0, description="How long it rings.")

    @property
    def _uri(self) -> Uri:
        return parse_uri(self.to)

    def begin(self, here: Here) -> Wait | Over:
        """Call it, or look its host up."""
        host = self._uri.host.strip("[]")
        if is_address(host):
            return self._ring(here, host, self._uri.port or 5060)
        return Wait(_RESOLVING, _RESOLVE_S + 1)

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Call when the host is found; end when nobody is reached."""
        if isinstance(event, NobodyReached):
            return Over(event.word)
        if here.phase != _RESOLVING:
            return None
        if isinstance(event, ErrandOver) and event.ok:
            return self._ring(here, event.values["host"], int(event.values["port"]))
        return Over("host not found") if isinstance(event, ErrandOver | TimeOver) else None

    def _ring(self, here: Here, host: str, port: int) -> Wait | Over:
        if not here.world.at_address(self.to, host, port):
            return Over("no way there")
        return Wait(_RINGING, self.ring_s + _GUARD_S, (host, str(port)))

    def asks(self, here: Here) -> Sequence[Input | Errand]:
        """Look it up, or ring."""
        if here.phase == _RESOLVING:
            uri = self._uri
            return (Errand(RESOLVE, {"host": uri.host, "port": uri.port or 0, "transport": uri.transport}, _RESOLVE_S),)
        host, port = here.memory
        phones = tuple(here.world.at_address(self.to, host, int(port)))
        return (RingForCaller(here.conversation_id, phones, self.ring_s),)

    def label(self) -> str:
        """Name the address."""
        return f"call {self.to}"
