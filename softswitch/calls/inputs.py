"""What can be said to the calls by phones, by media workers, and by the clock; and all that can be said to them."""

from __future__ import annotations

from softswitch.calls import conference_inputs as conferences
from softswitch.calls import guide_inputs as guides
from softswitch.calls.destinations import Destination, Phone, Place
from softswitch.core.immutable import immutable


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
class ReminderDue:
    """Somebody has waited on hold for long."""

    conversation_id: str


@immutable
class KeyPressed:
    """A key of a phone, however it was sent."""

    leg: str
    key: str
    number: int = 0
    """Of this key among those of the leg's port; one that is told again changes nothing. 0: not counted."""


@immutable
class PlayOver:
    """What a leg was let hear is at its end, or could not be played."""

    leg: str
    number: int
    problem: str


@immutable
class Announce:
    """Let one who talks hear something in the place of the other one for a moment."""

    leg: str
    sounds: tuple[str, ...]
    """As :class:`softswitch.media.engine.Playing` names them."""


@immutable
class SteerPlaying:
    """Let what a leg hears stand still or go on, perhaps from another place."""

    leg: str
    paused: bool
    sound: int
    """To which of the sounds it is moved; -1 for not at all."""
    at_ms: int = 0
    """How far into it."""


@immutable
class EndConversation:
    """A command, or a rule: end it politely on all sides."""

    conversation_id: str
    reason: str
    """For the phones."""
    word: str = "ended-by-command"
    """For the record."""


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
    | ReminderDue
    | EndConversation
    | Announce
    | SteerPlaying
    | KeyPressed
    | guides.AnswerCaller
    | guides.PlayToCaller
    | guides.HushCaller
    | PlayOver
    | guides.RingForCaller
    | guides.RingAlso
    | guides.StopRinging
    | guides.StopRingingUser
    | guides.HandOver
    | guides.Dismiss
    | conferences.JoinCalls
    | conferences.InviteToConference
    | conferences.GatherConsultation
    | conferences.MuteLeg
    | guides.EnterRoom
    | guides.PageMembers
    | conferences.SuperviseOrdered
    | conferences.ChangeSupervision
    | conferences.FollowSupervised
)
