"""What a user agent asks for and tells: it does nothing else. Drained by ``UserAgent.actions``, in their order."""

from __future__ import annotations

from softswitch.core.immutable import immutable
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request, Response
from softswitch.sip.ua.party import Party


@immutable
class Send:
    """Octets for a peer."""

    flow: Flow
    data: bytes


@immutable
class RequestArrived:
    """A request outside any dialog, seen for the first time; whoever drains answers it in the same turn."""

    request: Request
    flow: Flow


@immutable
class Cancelled:
    """The caller gave up (CANCEL, or BYE within the early dialog); 487 is sent, the session is over."""

    session: Party


@immutable
class Acknowledged:
    """The ACK for our 2xx came: to the INVITE, or to a re-INVITE without an offer."""

    session: Party
    sdp: str
    """The answer where our 2xx made the offer; else empty."""


@immutable
class AckMissing:
    """No ACK came for our 2xx within 64*T1; BYE is sent, the session is over."""

    session: Party


@immutable
class Progressed:
    """The callee answered provisionally; 100 is not told."""

    session: Party
    status: int
    sdp: str


@immutable
class Answered:
    """The callee took the call. The ACK is sent, but where the INVITE carried no offer: then ``acknowledge`` does."""

    session: Party
    sdp: str


@immutable
class Rejected:
    """The call came to nothing, and the session is over. After ``cancel`` this comes as well, once and always."""

    session: Party
    status: int
    """The callee's; 408 where nobody answers, 503 where the transport failed, 487 where it was cancelled by us."""
    reason: str
    response: Response | None
    """The callee's response, where there is one."""


@immutable
class Reoffered:
    """The peer sent a re-INVITE; ``accept_reoffer`` or ``refuse_reoffer`` answers it."""

    session: Party
    sdp: str
    """Its offer; empty where we are asked to make one."""


@immutable
class ReofferAnswered:
    """The peer took our re-INVITE; the ACK is sent."""

    session: Party
    sdp: str
    offered: str
    """What we offered."""


@immutable
class ReofferRefused:
    """Our re-INVITE came to nothing; the session stays as it was."""

    session: Party
    status: int
    """The peer's. 491, a glare: the wait of RFC 3261 §14.1 is over, offer again."""


@immutable
class RefreshDue:
    """The session timer wants a refresh that UPDATE cannot give: ``reinvite`` with the present description."""

    session: Party


@immutable
class Referred:
    """The peer asks for a transfer by REFER (RFC 3515); ``answer_refer`` answers it, in the same turn."""

    session: Party
    refer_to: str
    """The value of its Refer-To header."""
    subscription: str
    """The value of the Event header that NOTIFYs about it carry; empty where none are wanted (RFC 4488)."""


@immutable
class InfoArrived:
    """An INFO came within the dialog; it is answered."""

    session: Party
    content_type: str
    """In lower case, without parameters."""
    body: bytes


@immutable
class Ended:
    """An answered call is over by the peer or by loss; a call that nobody answers in time ends so too."""

    session: Party
    status: int
    """200: the peer's BYE, which is answered. 408 or 481: the dialog died."""
    reason: str
    """The Reason header of the BYE, or words for what happened."""


@immutable
class Responded:
    """The final response to a request that ``UserAgent.request`` sent."""

    owner: str
    response: Response
    """One of our own making where none came: 408 after 64*T1, 503 where the transport failed."""


@immutable
class SubscriptionRefreshed:
    """Another SUBSCRIBE came and is answered; the owner has to notify, or to end it where 0 is left."""

    owner: str
    granted_s: int
    """0: it was given up."""
    body: bytes = b""
    """What the SUBSCRIBE carried."""


@immutable
class SubscriptionExpired:
    """Nobody refreshed the subscription in time; its owner has to end it."""

    owner: str


@immutable
class SubscriptionOver:
    """The subscriber is gone, nothing can be told any more."""

    owner: str
    reason: str


@immutable
class NotifyDue:
    """What could not be told before can be told now: ``notify`` with how it is now."""

    owner: str
    lost: bool
    """Whether the last NOTIFY did not arrive, so that it is told even where nothing has changed."""


@immutable
class Dropped:
    """What came was thrown away; a request whose sender can be told why has been answered."""

    flow: Flow
    reason: str
    sip_call_id: str = ""
    """The dialog that it names; empty where it names none."""


Action = (
    Send
    | RequestArrived
    | Cancelled
    | Acknowledged
    | AckMissing
    | Progressed
    | Answered
    | Rejected
    | Reoffered
    | ReofferAnswered
    | ReofferRefused
    | RefreshDue
    | Referred
    | InfoArrived
    | Ended
    | Responded
    | SubscriptionRefreshed
    | SubscriptionExpired
    | SubscriptionOver
    | NotifyDue
    | Dropped
)
