"""``application/pidf+xml`` (RFC 3863) with the activities of RPID (RFC 4480): how somebody is to be reached."""

from __future__ import annotations

from typing import Final, NamedTuple

from softswitch.sip.bodies.xml import HEAD, attribute, local_name, parse, text

CONTENT_TYPE: Final = "application/pidf+xml"
LONGEST_NOTE: Final = 200
_NAMESPACES: Final = (
    'xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" '
    'xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid"'
)
ACTIVITIES: Final = frozenset({"away", "busy", "on-the-phone", "meeting", "meal", "vacation", "holiday"})
"""Those of RFC 4480 §3.2 that phones show."""


class PresenceState(NamedTuple):
    """How somebody is to be reached."""

    open: bool
    activity: str = ""
    """One of :data:`ACTIVITIES`, or empty."""
    note: str = ""


def write_pidf(entity: str, presence: PresenceState) -> bytes:
    """Write the document about ``entity``, a URI."""
    basic = "open" if presence.open else "closed"
    note = f"<note>{text(presence.note)}</note>" if presence.note else ""
    person_note = f"<dm:note>{text(presence.note)}</dm:note>" if presence.note else ""
    activities = f"<rpid:activities><rpid:{presence.activity}/></rpid:activities>" if presence.activity else ""
    return (
        f"{HEAD}<presence {_NAMESPACES} entity={attribute(entity)}>\n"
        f'<tuple id="phone"><status><basic>{basic}</basic></status><contact>{text(entity)}</contact>{note}</tuple>\n'
        f'<dm:person id="person">{activities}{person_note}</dm:person>\n'
        "</presence>\n"
    ).encode()


def read_pidf(body: bytes) -> PresenceState:
    """Read what a phone publishes of itself: open where one of its tuples is.

    Raises:
        SipError: it is no such document.
    """
    root = parse(body)
    basics, activity, note = set(), "", ""
    for element in root.iter():
        name, value = local_name(element), (element.text or "").strip()
        if name == "basic":
            basics.add(value.lower())
        elif name == "note" and value:
            note = value[:LONGEST_NOTE]
        elif name in ACTIVITIES:
            activity = name
    return PresenceState("open" in basics, activity, note)
