"""What can be said to the calls: by phones, by media workers, by the clock, by a command."""

from __future__ import annotations

from softswitch.core.immutable import immutable
from softswitch.directory.encryption import OFF
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


@immutable
class CallArrived:
    """An INVITE of somebody who may call."""

    conversation_id: str
    from_number: str
    from_name: str
    from_user: str
    trunk: str
    to_number: str
    place: Place
    sdp: str
    max_forwards: int
    destination: Destination


@immutable
class MediaOpened:
    """A leg's port is bound."""

    leg: str
    port: int


@immutable
class MediaRefused:
    """A leg got no port."""

    leg: str
    reason: str


@immutable
class MediaClosed:
    """A leg's port is free again."""

    leg: str
    packets_received: int = 0
    packets_sent: int = 0
    packets_lost: int = 0
    jitter_ms: float = 0.0
    packets_refused: int = 0
    packets_forged: int = 0
    packets_replayed: int = 0
    packets_late: int = 0
    packets_lost_by_phone: int = 0
    round_trip_ms: float = 0.0
    mos_in: float = 0.0
    mos_out: float = 0.0


@immutable
class MediaLost:
    """The worker that carried this leg is gone, and the port with it."""

    leg: str


@immutable
class CalleeProgressed:
    """A callee's phone answered provisionally."""

    leg: str
    status: int
    sdp: str


@immutable
class CalleeAnswered:
    """A callee's phone answered 2xx."""

    leg: str
    sdp: str


@immutable
class CalleeRejected:
    """A callee's phone answered with a final failure, or not at all."""

    leg: str
    status: int
    reason: str
    moved: tuple[Phone, ...] = ()
    """Where it sends the caller (3xx), if that is to be followed."""


@immutable
class CallerCancelled:
    """The caller gave up before we answered."""

    leg: str


@immutable
class CallerAcknowledged:
    """The ACK to our 2xx came; with a description where our 2xx made the offer."""

    leg: str
    sdp: str


@immutable
class PhoneReoffered:
    """A re-INVITE came; without a description it asks for our offer."""

    leg: str
    sdp: str


@immutable
class PhoneTookMove:
    """A phone took a re-INVITE of ours."""

    leg: str
    sdp: str
    offered: str
    """What it was offered."""


@immutable
class PhoneRefusedMove:
    """A re-INVITE of ours came to nothing."""

    leg: str
    status: int
    """491 when the wait after a glare is over."""


@immutable
class TransferAsked:
    """A phone asked for the transfer of whom it talks with."""

    leg: str
    to_number: str
    destination: Destination
    subscription: str
    other_leg: str = ""
    """The leg of the transferor's other call, whose party is the target (RFC 3891)."""


@immutable
class ReplacementArrived:
    """An INVITE that takes the place of a leg (RFC 3891)."""

    conversation_id: str
    """That of the leg to be replaced."""
    leg: str
    """The new leg's."""
    replaced: str
    from_user: str
    from_number: str
    place: Place
    sdp: str
    max_forwards: int
    early_only: bool


@immutable
class PhoneEnded:
    """A phone hung up, or its dialog died."""

    leg: str
    how: str
    """``bye`` or ``lost``."""
    status: int
    reason: str


@immutable
class DeadlinePassed:
    """A conversation's transient state lasted too long."""

    conversation_id: str


@immutable
class KeyPressed:
    """A key of a phone, however it was sent."""

    leg: str
    key: str
    number: int = 0
    """Of this key among those of the leg's port; one that is told again changes nothing. 0: not counted."""


@immutable
class PlayToCaller:
    """A guide lets its caller hear something, in the place of what it heard before."""

    conversation_id: str
    sounds: tuple[str, ...]
    """As :class:`softswitch.media.engine.Playing` names them."""
    repeat: bool = False


@immutable
class HushCaller:
    """A guide ends what its caller hears."""

    conversation_id: str


@immutable
class PlayOver:
    """What a leg was let hear is at its end, or could not be played."""

    leg: str
    number: int
    problem: str


@immutable
class AnswerCaller:
    """A guide takes the caller's call, so that there is sound both ways."""

    conversation_id: str


@immutable
class RingForCaller:
    """A guide tries to reach somebody; an attempt that is going on is given up before."""

    conversation_id: str
    phones: tuple[Phone, ...]
    ring_s: float
    detours: tuple[Phone, ...] = ()
    """As those of :class:`RingPhones`."""


@immutable
class RingAlso:
    """A guide lets further phones ring in the attempt that is going on."""

    conversation_id: str
    phones: tuple[Phone, ...]


@immutable
class StopRingingUser:
    """A guide lets the phones of one user ring no more, while others go on."""

    conversation_id: str
    user: str


@immutable
class HandOver:
    """A guide gives its caller to another."""

    conversation_id: str
    guide: str
    why: str = ""


@immutable
class StopRinging:
    """A guide gives its attempt up."""

    conversation_id: str


@immutable
class Dismiss:
    """A guide ends the call."""

    conversation_id: str
    status: int
    """The final status where the call was not answered."""
    cause: int
    """Q.850."""
    reason: str
    word: str


@immutable
class JoinCalls:
    """A command: the party of one call of a user joins another call of the same user; together they are a conference.

    Refused with a :class:`~softswitch.core.errors.CommandError`, as the other commands below, where it does not fit.
    """

    conversation_id: str
    """Of the call that becomes the conference, or is one."""
    own: str
    """The user's leg in it."""
    joining: str
    """The user's leg in the call whose party comes; it ends thereby."""


@immutable
class GatherConsultation:
    """A command: whoever asks, whoever was asked and whoever waits meanwhile shall talk with one another."""

    leg: str
    """Of whoever asks."""


@immutable
class InviteToConference:
    """A command: somebody is rung and joins whoever talks with a leg, when they answer."""

    leg: str
    """Of whoever asks."""
    phones: tuple[Phone, ...]
    ring_s: float
    detours: tuple[Phone, ...] = ()
    """As those of :class:`RingPhones`."""


@immutable
class MuteLeg:
    """A command: a leg is not heard any more, or again."""

    leg: str
    muted: bool


@immutable
class SuperviseOrdered:
    """A command: a supervisor's phones are rung, and whoever answers hears a conversation."""

    conversation_id: str
    """Of the supervisor's own, which is new."""
    supervisor: str
    """Name of that user."""
    from_number: str
    to_number: str
    phones: tuple[Phone, ...]
    wanted: Supervise


@immutable
class ChangeSupervision:
    """A command: a supervisor is heard by others than before, or hears somebody else."""

    conversation_id: str
    """The supervisor's own."""
    wanted: Supervise


@immutable
class FollowSupervised:
    """Something has happened somewhere: what does a supervisor hear now?"""

    conversation_id: str
    """The supervisor's own."""


@immutable
class EnterRoom:
    """A guide lets its caller into a room that was dialled."""

    conversation_id: str
    room: str
    tones: bool = False
    """Whether those who are there hear that somebody comes and goes."""


@immutable
class Announce:
    """Let one who talks hear something in the place of the other one for a moment."""

    leg: str
    sounds: tuple[str, ...]
    """As :class:`softswitch.media.engine.Playing` names them."""


@immutable
class EndConversation:
    """A command: end it politely on all sides."""

    conversation_id: str
    reason: str


Input = (
    CallArrived
    | MediaOpened
    | MediaRefused
    | MediaClosed
    | MediaLost
    | CalleeProgressed
    | CalleeAnswered
    | CalleeRejected
    | CallerCancelled
    | CallerAcknowledged
    | PhoneReoffered
    | TransferAsked
    | ReplacementArrived
    | PhoneTookMove
    | PhoneRefusedMove
    | PhoneEnded
    | DeadlinePassed
    | EndConversation
    | Announce
    | KeyPressed
    | AnswerCaller
    | PlayToCaller
    | HushCaller
    | PlayOver
    | RingForCaller
    | RingAlso
    | StopRinging
    | StopRingingUser
    | HandOver
    | Dismiss
    | JoinCalls
    | InviteToConference
    | GatherConsultation
    | MuteLeg
    | EnterRoom
    | SuperviseOrdered
    | ChangeSupervision
    | FollowSupervised
)
