"""``application/x-as-feature-event+xml``: do-not-disturb, forwards and the agent's key, as phones and BroadWorks tell.

The elements are those of ECMA-323 (CSTA); the package ``as-feature-event`` is in no RFC, but in the phones of Yealink,
Poly, Cisco and Fanvil ("feature key synchronisation" in their manuals).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from softswitch.core.errors import SipError
from softswitch.sip.bodies.xml import HEAD, local_name, parse, text

CONTENT_TYPE: Final = "application/x-as-feature-event+xml"
FORWARDS: Final = {"always": "forwardImmediate", "busy": "forwardBusy", "no_answer": "forwardNoAns"}
"""Kinds of forwards as the switch and as phones name them."""
AGENT_EVENTS: Final = {
    "loggedOff": "AgentLoggedOffEvent",
    "ready": "AgentReadyEvent",
    "notReady": "AgentNotReadyEvent",
    "workingAfterCall": "AgentWorkingAfterCallEvent",
}
"""States of an agent, and the elements that tell of them."""
_KINDS: Final = {name: kind for kind, name in FORWARDS.items()}
_NAMESPACE: Final = 'xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3"'
_LONGEST: Final = 40
_RING_S: Final = 5.0
"""How long one ring lasts: phones count rings."""


class Disturbance(NamedTuple):
    """Whether calls are refused."""

    refused: bool


class Forwarding(NamedTuple):
    """Where calls go."""

    kind: str
    """A key of :data:`FORWARDS`."""
    target: str
    """Empty: nowhere."""
    after_s: float = 0.0
    """For ``no_answer``: how long phones ring first; 0 where the phone does not say."""


class Attendance(NamedTuple):
    """What an agent of queues does."""

    state: str
    """A key of :data:`AGENT_EVENTS`, or ``loggedOn`` as a wish."""


Feature = Disturbance | Forwarding | Attendance


def write_feature(device: str, feature: Feature) -> bytes:
    """Write how one feature is now, of the user with that extension."""
    named = f"<device>{text(device)}</device>"
    if isinstance(feature, Disturbance):
        told = f"<doNotDisturbOn>{_flag(feature.refused)}</doNotDisturbOn>"
        return f"{HEAD}<DoNotDisturbEvent {_NAMESPACE}>{named}{told}</DoNotDisturbEvent>\n".encode()
    if isinstance(feature, Attendance):
        event, agent = AGENT_EVENTS[feature.state], f"<agentID>{text(device)}</agentID>"
        return f"{HEAD}<{event} {_NAMESPACE}>{named}{agent}</{event}>\n".encode()
    rings = f"<ringCount>{max(1, round(feature.after_s / _RING_S))}</ringCount>" if feature.after_s else ""
    told = (
        f"<forwardingType>{FORWARDS[feature.kind]}</forwardingType>"
        f"<forwardStatus>{_flag(bool(feature.target))}</forwardStatus><forwardTo>{text(feature.target)}</forwardTo>{rings}"
    )
    return f"{HEAD}<ForwardingEvent {_NAMESPACE}>{named}{told}</ForwardingEvent>\n".encode()


def write_features(device: str, features: Sequence[Feature], boundary: str) -> tuple[str, bytes]:
    """Write several features; return the Content-Type as well: a multipart where it is more than one."""
    bodies = [write_feature(device, feature) for feature in features]
    if len(bodies) == 1:
        return CONTENT_TYPE, bodies[0]
    head = f"--{boundary}\r\nContent-Type: {CONTENT_TYPE}\r\n\r\n".encode()
    parts = b"".join(head + body + b"\r\n" for body in bodies)
    return f'multipart/mixed;boundary="{boundary}"', parts + f"--{boundary}--\r\n".encode()


def read_feature(body: bytes) -> Feature:
    """Read what a phone wants to be set.

    Raises:
        SipError: it wants nothing that there is.
    """
    root = parse(body)
    said = {local_name(one): (one.text or "").strip()[:_LONGEST] for one in root.iter()}
    name = local_name(root)
    if name == "SetDoNotDisturb":
        return Disturbance(said.get("doNotDisturbOn", "") == "true")
    if name == "SetAgentState" and said.get("requestedAgentState") in {"loggedOn", *AGENT_EVENTS}:
        return Attendance(said["requestedAgentState"])
    kind = _KINDS.get(said.get("forwardingType", ""))
    if name != "SetForwarding" or kind is None:
        raise SipError("no feature that can be set")
    wanted = said.get("activateForward", "") == "true"
    rings = said.get("ringCount", "")
    after_s = int(rings[:3]) * _RING_S if rings.isascii() and rings.isdigit() else 0.0
    return Forwarding(kind, said.get("forwardDN", "") if wanted else "", after_s)


def _flag(on: bool) -> str:
    return "true" if on else "false"
