"""The facts of a call: what happened to a conversation, its legs and its segments.

The conversation's id and the wall time stand in the record, not in the fact. Descriptions are kept as text, as they
went over the wire but for keys of SRTP, which are sealed or named (:mod:`softswitch.sdp.key_vault`).
"""

from __future__ import annotations

from typing import Any

from softswitch.core.facts import fact


@fact("conversation.started", version=2)
class ConversationStarted:
    """Somebody called."""

    from_number: str
    to_number: str
    from_name: str = ""
    """The caller's display name."""
    from_user: str = ""
    """Name of the calling user; empty for a trunk's caller."""
    trunk: str = ""
    """Name of the trunk it came in by."""
    kind: str = "call"
    """``call``, ``echo``, or ``code`` where the caller dialled a code that is carried out."""
    guide: str = ""
    """``kind:name`` of whoever decides what becomes of the caller, e.g. ``scenario:main``; empty for a plain call."""


@fact("leg.added", version=3)
class LegAdded:
    """A conversation got a leg: a dialog and a port will be its."""

    leg: str
    side: str
    """``caller``, ``callee``, ``picker``: a phone that called to take a callee's place, or ``dialler``: a phone that is
    called so that its user can call."""
    user: str
    """Name of the user whose phone it is; empty for a number outside."""
    number: str
    """Extension or number of that end."""
    uri: str
    """The remote target: Contact of the caller, Request-URI for a callee."""
    flow: tuple[Any, ...]
    """(transport, local host, local port, remote host, remote port, connection)."""
    media_address: str
    """The local address that its port is bound on."""
    advertised_address: str
    """The address that its SDP names."""
    sdp: str = ""
    """The offer that a caller's INVITE brought; empty where it brought none."""
    max_forwards: int = 70
    """Of the caller's INVITE, or of ours to a callee."""
    route: tuple[str, ...] = ()
    """Route headers for our INVITE."""
    trunk: str = ""
    """Name of the trunk by which a number outside is reached."""
    caller: str = ""
    """What From of our INVITE says, where it is not the usual."""
    headers: tuple[str, ...] = ()
    """Further header lines of our INVITE."""
    codecs: tuple[str, ...] = ()
    """Names of the codecs that it is offered; empty: all that the caller has."""
    replaces: str = ""
    """Of a picker: the leg whose place it takes."""
    srtp: str = "off"
    """Whether its sound is encrypted: ``off``, ``optional``, ``required``, or ``impossible`` where it is required and
    its keys may not be told."""
    dtmf: str = "auto"
    """How keys are told: ``auto``, ``rfc4733``, ``inband`` or ``info``."""


@fact("detours.planned")
class DetoursPlanned:
    """Further ways to the number that was called, in the order of trying."""

    detours: tuple[tuple[Any, ...], ...]
    """Each the fields of a ``leg.added`` from ``user`` on."""


@fact("detour.taken")
class DetourTaken:
    """The first of the planned ways is tried; its leg follows."""


@fact("leg.media_opened")
class LegMediaOpened:
    """A leg's port is bound."""

    leg: str
    port: int


@fact("leg.media_refused")
class LegMediaRefused:
    """A leg got no port."""

    leg: str
    reason: str


@fact("leg.invited")
class LegInvited:
    """We invited a callee's phone with this offer."""

    leg: str
    sdp: str


@fact("leg.progressed")
class LegProgressed:
    """A callee's phone answered provisionally, perhaps with early media."""

    leg: str
    status: int
    sdp: str = ""


@fact("leg.alerted")
class LegAlerted:
    """We told the caller how it goes: 180, or 183 with early media."""

    leg: str
    status: int
    sdp: str = ""
    source: str = ""
    """The callee's leg whose early media the caller hears; the caller's own where it hears us."""


@fact("leg.answered", version=2)
class LegAnswered:
    """A callee's phone took the call; ``sdp`` is what it sent."""

    leg: str
    sdp: str
    user: str = ""
    """Name of the user whose phone it is; empty for a number outside."""


@fact("leg.accepted")
class LegAccepted:
    """We took the caller's call with a 200 that carries ``sdp``."""

    leg: str
    sdp: str


@fact("leg.acknowledged")
class LegAcknowledged:
    """The caller's ACK came; ``sdp`` is its answer where our 200 made the offer."""

    leg: str
    sdp: str = ""


@fact("leg.reoffered")
class LegReoffered:
    """A phone changed its session by re-INVITE: held, resumed, or moved."""

    leg: str
    remote_sdp: str
    local_sdp: str
    held: bool


@fact("leg.reoffer_refused")
class LegReofferRefused:
    """A phone's re-INVITE could not be met; the session stays as it was."""

    leg: str
    status: int
    reason: str


@fact("leg.media_lost")
class LegMediaLost:
    """A leg's media worker died, and the port with it; it gets another."""

    leg: str


@fact("leg.reinvited")
class LegReinvited:
    """We offered a phone another port by re-INVITE, because its worker had died."""

    leg: str
    sdp: str


@fact("leg.reinvite_answered")
class LegReinviteAnswered:
    """The phone took it; ``sdp`` is its answer."""

    leg: str
    sdp: str
    held: bool


@fact("brain.resumed")
class BrainResumed:
    """A brain goes on where an earlier one ended, however that was."""

    product: str
    """Its version."""
    since_s: float
    """Ends of dialogs from that wall time on are said again: the one before may have kept them and not said them."""


@fact("invariant.breached")
class InvariantBreached:
    """Something had lost its owner, by a defect of ours, and was cleaned up (see ``app/invariants.py``)."""

    kind: str
    subject: str
    dump: str


@fact("leg.offered")
class LegOffered:
    """We offered a phone another description by re-INVITE."""

    leg: str
    sdp: str


@fact("leg.offer_answered")
class LegOfferAnswered:
    """The phone took it; ``sdp`` is its answer."""

    leg: str
    sdp: str


@fact("leg.offer_refused")
class LegOfferRefused:
    """The phone refused it; the session stays as it was."""

    leg: str
    status: int


@fact("segment.started")
class SegmentStarted:
    """Two parties (or one, in an echo test) began to talk."""

    segment: int
    """Counted from 1 within the conversation."""
    leg_a: str
    leg_b: str
    codec: str


@fact("segment.ended")
class SegmentEnded:
    """They stopped."""

    segment: int


@fact("leg.ended")
class LegEnded:
    """A leg's dialog is over or was never made."""

    leg: str
    by: str
    """``phone`` or ``switch``: who ended it."""
    how: str
    """``bye``, ``cancel``, ``reject``, ``lost``: by which means."""
    status: int
    """The SIP status that ended it, or 0."""
    cause: int
    """The Q.850 cause, or 0."""
    reason: str


@fact("leg.cancel_settled")
class LegCancelSettled:
    """The final answer to an INVITE that we cancelled has come, or will not come any more."""

    leg: str


@fact("leg.media_closed", version=3)
class LegMediaClosed:
    """A leg's port is free again; what its RTP did."""

    leg: str
    packets_received: int
    packets_sent: int
    packets_lost: int
    jitter_ms: float
    packets_refused: int
    packets_forged: int = 0
    """Encrypted packets that fitted no key."""
    packets_replayed: int = 0
    """Encrypted packets that came a second time."""
    packets_late: int = 0
    """Packets from the phone that came after their turn."""
    packets_lost_by_phone: int = 0
    """By the phone's reports."""
    round_trip_ms: float = 0.0
    mos_in: float = 0.0
    """How good the phone sounded, 1 to 4.5 (ITU-T G.107); 0 where too little came."""
    mos_out: float = 0.0
    """How good the phone heard, by its reports; 0 where it sent none."""


@fact("conversation.ended")
class ConversationEnded:
    """All legs are over."""

    reason: str
    """A word for programs: ``completed``, ``cancelled``, ``busy``, ``declined``, ``no-answer``, ``not-found`` ..."""
    status: int
    """The final SIP status towards the caller."""


@fact("conversation.doubted")
class ConversationDoubted:
    """What is known of it after a start does not hang together, because facts are missing; it is ended now."""

    reason: str


@fact("dialog.changed", version=2)
class DialogChanged:
    """What a restarted brain must know of a leg's dialog and INVITE transaction.

    Together these are :meth:`softswitch.sip.ua.snapshot.SessionSnapshot.values`; of a call's five, three say what has
    changed since the one before.
    """

    leg: str
    values: tuple[Any, ...]
    places: tuple[int, ...] = ()
    """Which of them these are, the others being as they were; empty where they are all."""
