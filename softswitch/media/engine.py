"""What the brain asks of the media plane, and what it hears back.

The calls below only note what is wanted; :meth:`MediaEngine.flush` lets the notes of one turn out to the workers, after
the turn's facts were kept. Everything is named by leg id and may be said twice with the same effect. Answers come
as events, each numbered by its worker and kept there until acknowledged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Final, NamedTuple, Protocol

from softswitch.core.immutable import immutable


class Format(NamedTuple):
    """One payload format of a leg, with the numbers that its two ends chose (RFC 3264 §6.1)."""

    encoding: str
    """As in rtpmap, upper case but for ``telephone-event``: ``PCMU``, ``PCMA``, ``G722``, ``telephone-event``."""
    clock_rate_hz: int
    channels: int
    receive_type: int
    """The payload type in packets from the phone: the number in the description that we sent."""
    send_type: int
    """The payload type in packets to the phone: the number in the description that it sent."""
    parameters: str = ""
    """What the phone wants to be sent, as its ``fmtp`` says."""


@immutable
class OpenLeg:
    """A leg that needs a port."""

    leg: str
    conversation_id: str
    """Legs of one conversation are placed in one worker."""
    address: str
    """The local address to bind, the very one that the leg's SDP will name (before ``advertise``)."""
    port: int = 0
    """One that the worker holds ready; 0: whichever it chooses."""


@immutable
class Srtp:
    """How a leg's packets are encrypted (RFC 3711)."""

    suite: str
    """As in RFC 4568: ``AES_CM_128_HMAC_SHA1_80`` ..."""
    send_key: str = field(repr=False)
    """Master key and salt of packets to the phone: as the calls keep it; base64 where the media plane is told."""
    receive_key: str = field(repr=False)
    """Those of packets from the phone."""


@immutable
class Stream:
    """Where a leg's sound comes from and goes to, as its SDP and its SIP packets say."""

    address: str
    """The connection address of the phone's SDP."""
    port: int
    rtcp_port: int
    """``a=rtcp`` or the port above; 0 when RTCP shares the RTP port."""
    sip_source: str
    """The IP address that the phone's SIP packets come from."""
    formats: tuple[Format, ...]
    """The negotiated formats; the first is what is sent by preference. Other payload types are not accepted."""
    receive: bool
    """Whether the phone may send to us now."""
    send: bool
    """Whether we may send to the phone now."""
    ptime_ms: int = 20
    srtp: Srtp | None = None
    """None: nothing is encrypted."""
    keys: bool = True
    """Whether keys are told here: as telephone events where these are among the formats, else in the sound."""


EVERYBODY: Final = "*"
"""As the one source of a row: all who listen in the room but the listener itself."""


@immutable
class Hear:
    """One row of a room's matrix: who hears whom, and how loud.

    A leg listens in one room at a time, the one that named it last; it may be heard in several.
    """

    listener: str
    sources: tuple[str, ...]
    """Legs, or :data:`EVERYBODY` alone; a leg that hears itself is an echo."""
    gains: tuple[float, ...] = ()
    """Of each source, 1 as loud as it is; empty where all are 1."""
    voice: float = 1.0
    """How loud the listener is to those of the room who hear everybody: 0 for one who is muted."""


@immutable
class Quality:
    """How good a leg sounds; see :mod:`softswitch.rtp.e_model`."""

    mos_in: float
    """Of what comes from the phone, 1 to 4.5; 0 while nothing can be said."""
    mos_out: float
    """Of what the phone hears, by its reports; 0 where it sends none."""
    lost_in: float
    """Share of packets from the phone that were lost or too late, from 0 to 1."""
    lost_out: float
    """Share of packets that the phone misses."""
    jitter_ms: float
    """Of packets from the phone."""
    round_trip_ms: float


@immutable
class LegStatistics:
    """What a leg's RTP did from opening to closing."""

    packets_received: int = 0
    octets_received: int = 0
    packets_sent: int = 0
    packets_lost: int = 0
    jitter_ms: float = 0.0
    packets_refused: int = 0
    """Packets of strangers, of unknown payload types, or malformed."""
    packets_lost_by_phone: int = 0
    """What the phone's last report (RTCP) said that it missed."""
    round_trip_ms: float = 0.0
    """From the phone's last report; 0 when it sent none."""
    packets_forged: int = 0
    """Encrypted packets and reports that fit no key: a wrong one, or somebody changed them on the way."""
    packets_replayed: int = 0
    """Encrypted packets that came a second time."""
    packets_late: int = 0
    """Packets that came after their turn and were not heard."""
    mos_in: float = 0.0
    mos_out: float = 0.0
    """Both as in :class:`Quality`."""


@immutable
class LegOpened:
    """The port is bound and listens."""

    leg: str
    address: str
    port: int


@immutable
class LegRefused:
    """The leg could not be opened; ``reason`` is ``no-port``, ``no-worker``, ``overload`` or what the system said."""

    leg: str
    reason: str


@immutable
class LegLatched:
    """Packets of the phone are now taken from this address (design: SDP address, SIP source, then any if private)."""

    leg: str
    address: str
    port: int


@immutable
class DigitPressed:
    """A telephone event ended on a leg: one event a key (RFC 4733)."""

    leg: str
    digit: str
    number: int = 0
    """Of this key among those of the leg's port, from 1 on: one that is told again is known by it. 0: not counted."""


@immutable
class Playing:
    """What a leg is to hear, one sound after the other, beside or instead of what its room lets it hear."""

    number: int
    """Of this order, counted for each leg; comes back in :class:`PlayEnded`. The same one again changes nothing but
    what is said below of pauses and places."""
    sounds: tuple[str, ...]
    """``file:`` and an absolute path, ``tone:`` and a name (ringback ...), ``keys:`` and digits, or ``music:``."""
    repeat: bool = False
    """Whether the first follows the last, for ever."""
    paused: bool = False
    """Whether it stands still, and the leg hears silence. Music on hold, which all hear together, and keys go on."""
    moves: int = 0
    """How many times it was moved to another place: a move that was made already is not made again."""
    sound: int = 0
    """Where the last move led: to which of the sounds, from 0; the last one where there are not so many."""
    at_ms: int = 0
    """How far into it; behind its end what follows begins."""


@immutable
class Recording:
    """What is to be recorded into one file. The same name again says what holds from now on; its file stays."""

    recording: str
    """Its name; no other recording ever has it."""
    path: str
    """The file, absolute: 16-bit PCM."""
    channels: tuple[tuple[str, ...], ...]
    """By channel of the file, the legs whose phones are heard in it; a leg is in one recording at a time."""
    began_us: int
    """Monotonic time of the file's beginning. All processes of a machine have one such clock, so a recording goes on
    in another worker at the right place."""
    about: str = ""
    """JSON for the file beside it (:mod:`softswitch.media.recorder.about`); empty: there is no such file."""
    limit_s: float = 0.0
    """After so long it ends by itself; 0: never."""
    silence_s: float = 0.0
    """After so much silence it ends by itself; 0: never."""


@immutable
class RecordingEnded:
    """A recording is over and its file whole."""

    recording: str
    why: str
    """``asked``, ``limit``, ``silence``, or ``lost`` where it was never written."""
    seconds: float
    gaps: int
    """Stretches in which sound is missing."""
    missing_s: float
    """How long they are together."""


@immutable
class RecordingTrouble:
    """Sound of a recording cannot be written, or can again."""

    recording: str
    what: str
    """What the system said; empty when it works again."""


@immutable
class LegSilent:
    """A phone that is obliged to send has sent neither RTP nor RTCP for a minute."""

    leg: str


@immutable
class PlayEnded:
    """What a leg was to hear is at its end, or could not be played."""

    leg: str
    number: int
    problem: str = ""
    """Empty at the end of the last sound; else why a sound cannot be played."""


@immutable
class LegClosed:
    """The leg's ports are free again."""

    leg: str
    statistics: LegStatistics


@immutable
class WorkerLost:
    """A worker died; these legs are without sound and have no ports."""

    worker: int
    legs: tuple[str, ...]


@immutable
class LegState:
    """What a worker holds of one leg."""

    leg: str
    conversation_id: str
    address: str
    port: int
    stream: Stream | None
    latched: tuple[str, int] | None


@immutable
class WorkerState:
    """All that a worker holds, told when a brain says hello to it."""

    worker: int
    protocol: int
    product: str
    legs: tuple[LegState, ...]
    rooms: tuple[tuple[str, tuple[Hear, ...]], ...]


@immutable
class Disagreement:
    """A worker and the brain knew different legs, twice in a row; what differed is closed or given up."""

    worker: int
    unknown: tuple[str, ...]
    """Legs that the worker had and the brain did not know."""
    missing: tuple[str, ...]
    """Legs that the worker should have had; they count as lost."""


MediaEvent = (
    Disagreement
    | LegOpened
    | LegRefused
    | LegLatched
    | DigitPressed
    | LegSilent
    | PlayEnded
    | LegClosed
    | RecordingEnded
    | RecordingTrouble
    | WorkerLost
)


class MediaEngine(Protocol):
    """The media plane as the brain sees it."""

    def open(self, leg: OpenLeg) -> None:
        """Ask for a port; :class:`LegOpened` or :class:`LegRefused` answers, or :meth:`take_ready` tells it at once."""
        ...

    def reclaim(self, leg: OpenLeg) -> bool:
        """Give a leg the very port that its order names, if it is held ready; tell whether it was."""
        ...

    def take_ready(self) -> Sequence[LegOpened]:
        """Return, once, the legs asked for in this turn whose ports were held ready: nobody answers for them later."""
        ...

    def set_stream(self, leg: str, stream: Stream) -> None:
        """Say where the leg's sound comes from and goes to; replaces what was said before."""
        ...

    def set_room(self, room: str, rows: Sequence[Hear]) -> None:
        """Say who hears whom in a room; replaces its rows; no rows dissolve it."""
        ...

    def play(self, leg: str, playing: Playing | None) -> None:
        """Let a leg hear something; None ends what it hears, without an event. Another order replaces the one before.

        :class:`PlayEnded` answers when the last sound is over, or one cannot be played.
        """
        ...

    def send_keys(self, leg: str, digits: str) -> None:
        """Send a leg keys that its partner pressed, as telephone events or as they sound, as the phone understands.

        A leg that hears something of the switch's gets none. Nothing answers.
        """
        ...

    def record(self, recording: Recording) -> None:
        """Record what phones say, or say what of a recording has changed; relayed calls stay relayed.

        Say it again when one of its legs has got another port. Legs that are not there are silent in it.
        """
        ...

    def end_recording(self, recording: str, ended_us: int, about: str = "") -> None:
        """End a recording at a monotonic time; :class:`RecordingEnded` answers, once for each worker that had it."""
        ...

    def close(self, leg: str) -> None:
        """Give the port back; :class:`LegClosed` answers. A leg nobody knows is answered too, with zeros."""
        ...

    def flush(self) -> None:
        """Let the notes of this turn out, one message a worker."""
        ...

    def acknowledge(self) -> None:
        """Tell the workers that all events delivered so far are journaled."""
        ...

    def quality_of(self, leg: str) -> Quality | None:
        """Return how good a leg sounds, as its worker told some seconds ago; None where it told nothing yet."""
        ...

    def open_legs(self) -> frozenset[str]:
        """Return the legs that hold a port, as far as the brain knows."""
        ...
