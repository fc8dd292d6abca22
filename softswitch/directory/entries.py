"""What stands in the sections of a site, as the switch uses it: users, numbers, trunks, groups, queues, contacts.

Passwords do not stand here, only what digest needs of them (HA1) for the realm that the site was loaded for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from softswitch.directory.encryption import OFF, OPTIONAL, encryption_over
from softswitch.directory.host_text import host_port, is_address
from softswitch.directory.key_policy import AUTO
from softswitch.directory.statuses import DEFAULT_PRESET
from softswitch.directory.supervision_modes import SUPERVISION
from softswitch.sip.flow import Flow


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an extension."""

    name: str
    extension: str
    """What others dial and, at the same time, the SIP user name of the phone."""
    display_name: str
    ha1_md5: str
    """MD5 of ``extension:realm:password`` in hexadecimal (RFC 3261 §22.4)."""
    ha1_sha256: str
    """The same with SHA-256 (RFC 7616 §3.4.2)."""
    sha256: bool = False
    """Whether this user's phones are offered SHA-256 beside MD5; older ones stumble over a second challenge."""
    preset: str = DEFAULT_PRESET
    """The set of statuses that the user chooses from."""
    respect_status: bool = True
    """Whether the user's status decides which calls are offered (M-3)."""
    call_waiting: bool | None = None
    """Whether a call is offered while the user is in another; None: a phone may say busy by itself, the switch does
    not, and what a group or a status offers only to those with call waiting is not offered."""
    routes: tuple[str, ...] = ()
    """By which routes this user's calls may leave, in the order of trying."""
    mobile: tuple[str, ...] = ()
    """Mobile numbers, the first one first."""
    recording: str = ""
    """Whether this user's calls are recorded: ``always``, ``on_demand`` or ``never``; empty: nothing is said."""
    recording_pause: bool = False
    """Whether the user may end a recording that has to be."""
    recording_notice: str = ""
    """Sound file that tells others that the call is recorded; empty: nothing tells them."""
    voicemail: bool = False
    """Whether the user has a mailbox."""
    srtp: str = OPTIONAL
    """Whether the sound of this user's phones is encrypted: ``off``, ``optional`` or ``required``."""
    srtp_without_tls: bool = False
    """Whether its keys may be told over UDP and TCP too."""
    supervises: tuple[str, ...] = ()
    """Names of users whose talks this one may hear."""
    told_when_supervised: bool = False
    """Whether a tone tells this user that somebody hears a talk of theirs."""
    voicemail_pin: str = ""
    """The code that is asked for before somebody hears messages; empty: the user's own phones need none."""
    email: str = ""
    """Where messages go by mail."""
    voicemail_after_s: float = 0.0
    """After how long of ringing a call to this user goes to the mailbox, or at once where the user is busy, offline or
    refuses it; 0: never."""

    def encryption_over(self, flow: Flow) -> str:
        """Return what holds for a phone of this user that signals by this flow."""
        return encryption_over(flow.transport, self.srtp, without_tls=self.srtp_without_tls)


@dataclass(frozen=True, slots=True)
class Number:
    """What people dial from outside, and who it reaches."""

    number: str
    kind: str
    """``user``, ``group``, ``queue``, ``room`` or ``scenario``."""
    target: str
    """The name of that user, group, queue, room or scenario."""
    priority: int = 0
    """Of its callers in queues: more is served earlier."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """A provider's or another exchange's address; what comes from it needs no password."""

    name: str
    host: str
    """An IP address in its shortest form, or a host's name, which lets nobody in."""
    port: int | None
    """The port that its packets come from; None: any."""
    transport: str
    any_port: bool
    """Whether the port is only where we send to, and packets may come from any."""
    backups: tuple[str, ...] = ()
    """Further hosts, tried in this order: an IP address, perhaps with a port."""
    username: str = ""
    """Who we are to it; empty: it asks for no password."""
    password_env: str = ""
    password_file: str = ""
    caller_id: str = ""
    """The number that it is told who calls; empty: the caller's extension."""
    identity: str = "from"
    """Where the caller's number stands as well: ``pai``, ``ppi``, or ``from`` alone."""
    number_format: str = "as_dialled"
    country: str = ""
    codecs: tuple[str, ...] = ()
    """Names of the codecs that it may be offered; empty: all."""
    calls: int = 0
    """Calls at once; 0: any number."""
    calls_each_user: int = 0
    calls_each_second: int = 0
    register: bool = False
    """Whether we register there, as ``username``, so that it knows where to send calls."""
    recording: str = ""
    """As a user's."""
    calls_each_day: int = 0
    """Calls that leave in one day of UTC; 0: any number."""
    calls_each_user_day: int = 0
    calls_each_number_day: int = 0
    srtp: str = OFF
    srtp_without_tls: bool = False
    """Both as those of :class:`User`."""
    dtmf: str = AUTO
    """How keys are told (:mod:`softswitch.directory.key_policy`)."""

    def encryption_over(self, flow: Flow) -> str:
        """Return what holds for a call that comes or goes by this flow."""
        return encryption_over(flow.transport, self.srtp, without_tls=self.srtp_without_tls)

    @property
    def source_port(self) -> int | None:
        """The port that packets must come from, or None for any."""
        return None if self.any_port else self.port

    def places(self) -> list[tuple[str, int | None]]:
        """Return its hosts as the site names them, addresses and names, with their ports; the first first."""
        return [(self.host, self.port), *(host_port(text, self.port) for text in self.backups)]

    def targets(self) -> list[tuple[str, int]]:
        """Return where its calls go as far as its hosts are addresses, the first first."""
        usual = 5061 if self.transport == "tls" else 5060
        return [(host, port or usual) for host, port in self.places() if is_address(host)]


@dataclass(frozen=True, slots=True)
class Route:
    """Numbers that leave through a trunk."""

    name: str
    trunk: str
    pattern: str
    """A regular expression over what was dialled."""


@dataclass(frozen=True, slots=True)
class Group:
    """A dial list that rings now."""

    name: str
    extension: str
    mode: str
    """``simultaneous``, ``ordered``, ``weighted_random``, ``longest_idle_once`` or ``sequential_until_answer``."""
    ring_s: float
    max_unanswered: int | None
    """How many calls to it may wait for an answer at once; None: any number."""
    max_rounds: int
    """How often the list is gone through."""
    members: tuple[tuple[str, int], ...] = ()
    """Name and weight of each, in the order of the list."""
    recording: str = ""
    """As a user's; of calls that came through the group."""
    wrap_up_s: float = 0.0
    """How long a member has after a call (M-18); 0: no time."""
    wrap_up_limit: bool = True
    """Whether that time ends by itself; else a person ends it."""
    wrap_up_status: str = ""
    """The status meanwhile; empty: the preset's."""
    wrap_up_return: str = ""
    """What follows: ``previous`` or ``ready``; empty: as the preset says."""
    supervisors: tuple[str, ...] = ()
    """Names of users who may hear the members' talks."""
    voicemail_pin: str = ""
    """The code that is asked for before somebody hears the messages of the group; empty: nobody does by phone."""
    email: str = ""
    """Where messages go by mail."""
    wrap_up_every: bool = False
    """Whether wrap-up follows every talk of a member, not only those that came through the group (M-24)."""


@dataclass(frozen=True, slots=True)
class Room:
    """A conference that is dialled into."""

    name: str
    extension: str
    pin: str = ""
    """Digits that whoever dials in must press; empty: none."""
    tones: bool = True
    """Whether those who are there hear a tone when somebody comes or goes."""
    moderators: tuple[str, ...] = ()
    """Names of users who moderate it, from their own phones without a PIN."""
    moderator_pin: str = ""
    """Digits by which anybody else does."""
    wait_for_moderator: bool = False
    """Whether nobody hears anybody until a moderator is there."""
    end_with_moderator: bool = False
    """Whether it is over when the last moderator leaves."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A line of waiting callers."""

    name: str
    extension: str
    members: tuple[str, ...] = ()
    """Names of users, in the order of the list."""
    strategy: str = "longest_idle"
    priority: str = "normal"
    """``high``, ``normal`` or ``low``: strict between queues that share agents."""
    sla_s: float = 20.0
    """Within which time callers should be answered."""
    ring_s: float = 15.0
    member_priorities: tuple[int, ...] = ()
    """Of each member; empty: all 1."""
    member_skills: tuple[tuple[str, ...], ...] = ()
    """Of each member; empty: nobody has any."""
    supervisors: tuple[str, ...] = ()
    wrap_up_s: float = 0.0
    """As those of :class:`Group`."""
    wrap_up_limit: bool = True
    wrap_up_status: str = ""
    wrap_up_return: str = ""
    retry_s: float = 10.0
    """How long after all who are free have been asked they are asked again."""
    max_wait_s: float = 0.0
    """How long a caller waits at most; 0: for ever."""
    max_length: int = 0
    """How many callers wait at most; 0: any number."""
    leave_without_agents: bool = False
    overflow_to: str = ""
    """The guide of callers who have waited too long, or find the line full or nobody there: ``queue:NAME`` ..."""
    exit_key: str = ""
    """The key by which a caller leaves the line, to where the overflow goes; empty: none."""
    skills: tuple[str, ...] = ()
    """What callers of this queue need an agent to have, the most important first."""
    relax_after_s: float = 0.0
    """After how long they need one skill less; 0: never."""
    sticky_s: float = 0.0
    """For how long after a call its caller is preferably given to the same agent; 0: not at all."""
    sticky_wait_s: float = 0.0
    """How long a caller waits for that agent before others are asked."""
    short_abandon_s: float = 5.0
    """Who hangs up sooner does not count against the service level."""
    auto_answer: tuple[str, ...] = ()
    """Members whose phones are asked to answer by themselves."""
    callback_key: str = ""
    """The key by which a caller asks to be called back; empty: it is not offered."""
    callback_offer_s: float = 0.0
    """After how long of waiting it is offered unasked; 0: never."""
    callback_keep_place: bool = True
    callback_tries: int = 3
    callback_retry_s: float = 300.0
    callback_expires_s: float = 86_400.0
    announce_every_s: float = 0.0
    """How often a caller is told the place in the line; 0: never."""
    announce_wait: bool = False
    """Whether also for how long it will probably be."""
    language: str = "en"
    """Of the announcements: ``en`` or ``ru``."""
    notify_mail: tuple[str, ...] = ()
    """Who is written to when a call is lost or waits too long."""
    notify_webhook: str = ""
    callback_first: str = "agent"
    """Who is rung first when a callback's turn comes: ``agent`` or ``customer``."""
    announce_at_once: bool = False
    """Whether a caller who has to wait is told so at once."""
    announce_position: bool = True
    announce_files: tuple[str, ...] = ()
    """Sound files, one of which is heard each time, in turn."""
    agent_beep: bool = False
    """Whether an agent who answers hears a tone first."""
    agent_file: str = ""
    """A sound file that an agent who answers hears first, e.g. the queue's name."""
    wrap_up_every: bool = False
    """As that of :class:`Group`."""
    supervision: tuple[str, ...] = SUPERVISION
    """What the queue's supervisors may do in its calls."""
    recording: str = ""
    """As a user's; of calls that came through the queue."""
    recording_pause: bool = False
    """Whether its members may end a recording of such a call that has to be."""
    recording_notice: str = ""
    """Sound file that tells callers that they are recorded; empty: nothing tells them."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer whom the company knows."""

    name: str
    numbers: tuple[str, ...] = ()
    responsible: str = ""
    """The user who looks after them."""
    email: str = ""
    priority: int = 0
    """As that of :class:`Number`."""


@dataclass(frozen=True, slots=True)
class ScenarioText:
    """A scenario as it stands in its file, which was checked as it was loaded."""

    name: str
    file: str
    """Absolute: the audio that it names is found from here."""
    text: str

    @property
    def version(self) -> str:
        """What tells this text from others of its name."""
        return _version_of(self.file, self.text)


@lru_cache(maxsize=1024)
def _version_of(file: str, text: str) -> str:
    """Every call that a scenario leads asks for it."""
    return blake2b(f"{file}\n{text}".encode(), digest_size=6).hexdigest()
