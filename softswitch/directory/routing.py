"""Who calls, and where the number that they dialled leads."""

from __future__ import annotations

from typing import Final, Literal

from softswitch.core.errors import SipError
from softswitch.core.immutable import immutable
from softswitch.directory.codes import Dialled, read_code
from softswitch.directory.location import Binding, LocationState
from softswitch.directory.outward import Outward, outward
from softswitch.directory.site import Group, Number, Queue, Room, Site, User
from softswitch.sip.auth import parse_credentials
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request
from softswitch.sip.uri import Uri, parse_uri

CONFERENCE_FACTORY: Final = "conference"
"""The user whom phones call to get a conference of their own (RFC 4579 §5.4)."""
_SEPARATORS: Final = str.maketrans("", "", "-.() ")


@immutable
class Caller:
    """Who a request comes from, as far as can be told before a password is asked for."""

    kind: Literal["user", "trunk", "stranger"]
    """``user`` claims to be one, and must prove it. ``trunk`` calls from a trunk's address: needs no password, and
    reaches only numbers. ``stranger`` is neither: is challenged like anybody, and can never answer."""
    user: User | None = None
    """Whom the answer to a challenge must prove."""
    trunk: str = ""
    """The trunk's name."""


@immutable
class Phones:
    """The call rings at these phones of a user."""

    user: User
    bindings: tuple[Binding, ...]


@immutable
class CodeDialled:
    """The user wants something done, not somebody reached."""

    dialled: Dialled


@immutable
class ScenarioReached:
    """A scenario answers."""

    name: str


@immutable
class GroupDialled:
    """The call rings at a group."""

    group: Group


@immutable
class QueueDialled:
    """The caller waits in a queue."""

    queue: Queue


@immutable
class RoomDialled:
    """The caller comes into a conference."""

    room: Room


@immutable
class ConferenceAsked:
    """The user calls the factory of conferences, or a conference that it made."""

    name: str


@immutable
class NotFound:
    """Nobody has that number (404)."""


@immutable
class Offline:
    """The user has no registered phone now (480)."""

    user: User


Destination = (
    Phones
    | GroupDialled
    | QueueDialled
    | RoomDialled
    | ConferenceAsked
    | CodeDialled
    | ScenarioReached
    | Outward
    | NotFound
    | Offline
)


def who_calls(site: Site, request: Request, flow: Flow, locations: LocationState) -> Caller:
    """Tell whom a request outside a dialog comes from.

    A source that is also a live registration's source is a phone's and is challenged, even at a trunk's address. The
    user is the one whom the credentials name, else the one in From: a phone that hides its number in From has proved
    all the same whose it is.

    Args:
        site: who there is.
        request: the request.
        flow: where it came from.
        locations: whose phones are where.
    """
    if not locations.is_registered_source(flow):
        trunk = site.trunk_of(flow)
        if trunk is not None:
            return Caller("trunk", trunk=trunk.name)
    claimed = _claimed_user(request, site.domain)
    user = site.user_by_extension(_from_user(request) if claimed is None else claimed)
    return Caller("stranger") if user is None else Caller("user", user)


def _claimed_user(request: Request, realm: str) -> str | None:
    for value in request.get_all("Authorization"):
        try:
            credentials = parse_credentials(value)
        except SipError:
            continue
        if credentials.realm == realm:
            return credentials.user
    return None


def _from_user(request: Request) -> str:
    try:
        return request.from_.uri.user
    except SipError:
        return ""


def registering_user(site: Site, request: Request) -> User | None:
    """Return the user whose address of record a REGISTER's To names (RFC 3261 §10.3 step 5), or None."""
    try:
        return site.user_by_extension(request.to.uri.user)
    except SipError:
        return None


def dialled_number(uri: str | Uri) -> str:
    """Return what was dialled: the user of a SIP URI, the number of a tel URI (RFC 3966), without separators.

    Raises:
        SipError: the URI is malformed, or of a scheme that nobody can be called by (416).
    """
    parsed = parse_uri(uri) if isinstance(uri, str) else uri
    if parsed.scheme in {"sip", "sips"}:
        text = parsed.user
    elif parsed.scheme == "tel":
        text = parsed.host
    else:
        raise SipError(f"nobody is called by {parsed.scheme}:", 416)
    digits = text.partition(";")[0].translate(_SEPARATORS)
    return digits if digits.lstrip("+*#").isdecimal() else text


def route(site: Site, locations: LocationState, dialled: str, caller: Caller, *, wall_s: float) -> Destination:
    """Decide where a call goes.

    Args:
        site: who there is.
        locations: where their phones are.
        dialled: what :func:`dialled_number` gave.
        caller: who calls; a trunk reaches only the site's numbers, a stranger nothing.
        wall_s: the time now; phones whose registration is over are not rung.
    """
    if caller.kind == "stranger":
        return NotFound()
    number = site.number(dialled)
    if caller.kind == "trunk":
        return NotFound() if number is None else _of_number(site, locations, number, wall_s)
    if caller.user is not None and dialled in site.emergency:
        return outward(site, caller.user, dialled) or NotFound()
    code = read_code(site.codes, dialled)
    if code is not None:
        return CodeDialled(code)
    user = site.user_by_extension(dialled)
    if user is not None:
        return _of_user(user, locations, wall_s)
    together = _of_several(site, dialled)
    if together is not None:
        return together
    if number is not None:
        return _of_number(site, locations, number, wall_s)
    return (caller.user and outward(site, caller.user, dialled)) or NotFound()


def _of_several(site: Site, dialled: str) -> GroupDialled | QueueDialled | RoomDialled | ConferenceAsked | None:
    group = site.group_by_extension(dialled)
    if group is not None:
        return GroupDialled(group)
    queue = site.queue_by_extension(dialled)
    if queue is not None:
        return QueueDialled(queue)
    room = site.room_by_extension(dialled)
    if room is not None:
        return RoomDialled(room)
    return ConferenceAsked(dialled) if dialled.partition("-")[0] == CONFERENCE_FACTORY else None


def _of_number(site: Site, locations: LocationState, number: Number, wall_s: float) -> Destination:
    if number.kind == "scenario":
        return ScenarioReached(number.target) if number.target in site.scenarios else NotFound()
    group = site.groups.get(number.target) if number.kind == "group" else None
    if group is not None:
        return GroupDialled(group)
    queue = site.queues.get(number.target) if number.kind == "queue" else None
    if queue is not None:
        return QueueDialled(queue)
    room = site.rooms.get(number.target) if number.kind == "room" else None
    if room is not None:
        return RoomDialled(room)
    user = site.users.get(number.target) if number.kind == "user" else None
    return NotFound() if user is None else _of_user(user, locations, wall_s)


def _of_user(user: User, locations: LocationState, wall_s: float) -> Destination:
    bindings = one_flow_each(locations.contacts_of(user.name, wall_s=wall_s))
    return Phones(user, bindings) if bindings else Offline(user)


def one_flow_each(bindings: tuple[Binding, ...]) -> tuple[Binding, ...]:
    """Keep of the flows that one phone has open the one that it registered last (RFC 5626 §5.3): it rings once."""
    newest: dict[str, Binding] = {}
    for binding in bindings:
        phone = binding.instance.partition(";")[0] or binding.key
        newest.pop(phone, None)
        newest[phone] = binding
    return tuple(newest.values())
