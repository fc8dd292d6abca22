"""What an owner orders: a call to a phone."""

from __future__ import annotations

from softswitch.core.immutable import immutable
from softswitch.sip.flow import Flow
from softswitch.sip.headers.address import Address
from softswitch.sip.message import Header


@immutable
class OurCredentials:
    """A name and a password towards a peer that challenges us."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"OurCredentials({self.user!r})"


@immutable
class InviteOrder:
    """An INVITE to be sent."""

    request_uri: str
    """Where it shall ring: a phone's Contact as it was registered."""
    flow: Flow
    """The way to the phone: the source of its last REGISTER."""
    from_address: Address
    """Who calls, without a tag."""
    to_address: Address
    """Who is called, without a tag."""
    sdp: str
    """The offer; empty: the callee shall make it."""
    route: tuple[str, ...] = ()
    """Elements of Route headers, e.g. the Path that the phone registered by."""
    headers: tuple[Header, ...] = ()
    """Further header fields."""
    max_forwards: int = 70
    credentials: OurCredentials | None = None
    """Who we are, where the peer asks."""
