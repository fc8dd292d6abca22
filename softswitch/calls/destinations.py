"""Where a call can lead: phones to be rung, a guide, a slot, a refusal."""

from __future__ import annotations

from softswitch.core.immutable import immutable
from softswitch.directory.encryption import OFF
from softswitch.directory.key_policy import AUTO
from softswitch.sip.flow import Flow


@immutable
class Place:
    """Where a leg's phone is and which of our addresses it sees."""

    uri: str
    """The phone's Contact, unchanged."""
    flow: Flow
    media_address: str
    """The local address that its media port binds."""
    advertised_address: str
    """The address that its SDP names."""
    route: tuple[str, ...] = ()
    """Route headers for our INVITE to it: the Path of its registration (RFC 3327)."""
    srtp: str = OFF
    """Whether its sound is encrypted (:mod:`softswitch.directory.encryption`)."""
    dtmf: str = AUTO
    """How keys are told (:mod:`softswitch.directory.key_policy`)."""


@immutable
class Phone:
    """A phone to be rung."""

    user: str
    """Name of the user whose phone it is; empty for a number outside."""
    number: str
    place: Place
    trunk: str = ""
    """Name of the trunk that the number is reached by."""
    caller: str = ""
    """What From says, where it is not the usual: an address as header text, without a tag."""
    headers: tuple[str, ...] = ()
    """Further header lines of its INVITE."""
    codecs: tuple[str, ...] = ()
    """Names of the codecs that it is offered; empty: all that the caller has."""


@immutable
class RingPhones:
    """A destination: ring these, the first that answers has the call."""

    phones: tuple[Phone, ...]
    detours: tuple[Phone, ...] = ()
    """Tried one after the other where the one before does not answer or fails with a 5xx."""


@immutable
class Echo:
    """A destination: the caller hears itself."""


@immutable
class Attend:
    """A destination: a guide decides, step by step, what becomes of the caller."""

    guide: str
    """``kind:name``."""


@immutable
class Supervise:
    """A destination: the caller hears others talk; also what a command about that wants."""

    user: str
    """Name of the user who is supervised."""
    watched: str
    """The conversation that is heard."""
    target: str
    """That user's leg in it."""
    mode: str
    """``listen``, ``whisper`` or ``barge``."""
    follow: str = "agent"
    """``agent`` or ``conversation``: where to, when the user leaves it."""
    told: bool = False
    """Whether the user hears a tone."""
    modes: tuple[str, ...] = ("listen", "whisper", "barge")
    """What the supervisor may change over to."""
    barred: tuple[str, ...] = ()
    """Guides whose calls are not heard when the user comes to them."""


@immutable
class Refuse:
    """No destination: the caller is told so."""

    status: int
    cause: int
    """Q.850."""
    reason: str
    """For people, in the Reason header."""
    word: str
    """For programs, in the record."""


@immutable
class Confirm:
    """A destination: what the caller's code asked for is done; the call is taken and ended to say so."""


@immutable
class Park:
    """A destination of transfers: whoever is transferred waits in a slot."""

    slot: str
    """Empty: the first that is free."""


Destination = RingPhones | Park | Attend | Echo | Confirm | Supervise | Refuse
