"""Session descriptions as a simulated phone writes and reads them.

Kept apart from :mod:`softswitch.sdp` on purpose: a misunderstanding there shall not be met by the same one here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Payloads = tuple[tuple[int, str], ...]
"""Payload numbers with what they stand for, e.g. ``(0, "PCMU/8000")``."""

USUAL_PAYLOADS: Final[Payloads] = ((0, "PCMU/8000"), (8, "PCMA/8000"), (101, "telephone-event/8000"))
_STATIC: Final = {0: "PCMU/8000", 8: "PCMA/8000", 9: "G722/8000", 18: "G729/8000"}
_DIRECTIONS: Final = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})
_ANSWER: Final = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


@dataclass(frozen=True, slots=True)
class Description:
    """One audio stream, as one end describes it."""

    address: str
    port: int
    payloads: Payloads = USUAL_PAYLOADS
    direction: str = "sendrecv"
    """As the describing end says it of itself."""

    @property
    def sends(self) -> bool:
        """Whether the describing end means to send."""
        return self.direction in {"sendrecv", "sendonly"}

    @property
    def receives(self) -> bool:
        """Whether the describing end wants to hear."""
        return self.direction in {"sendrecv", "recvonly"} and self.address not in {"0.0.0.0", "::"}  # noqa: S104  # hold


def write_description(description: Description, *, session: int, version: int) -> str:
    """Write a description with one audio line."""
    numbers = " ".join(str(number) for number, _ in description.payloads)
    family = "IP6" if ":" in description.address else "IP4"
    lines = [
        "v=0",
        f"o=phone {session} {version} IN {family} {description.address}",
        "s=call",
        f"c=IN {family} {description.address}",
        "t=0 0",
        f"m=audio {description.port} RTP/AVP {numbers}",
        *(f"a=rtpmap:{number} {name}" for number, name in description.payloads),
        *(f"a=fmtp:{number} 0-16" for number, name in description.payloads if name.startswith("telephone")),
        "a=ptime:20",
        f"a={description.direction}",
    ]
    return "\r\n".join(lines) + "\r\n"


def read_description(text: str) -> Description | None:
    """Read the first audio line that is not refused; None where there is none."""
    address, direction = "", "sendrecv"
    port, numbers, names = 0, list[int](), dict(_STATIC)
    for line in text.splitlines():
        if line.startswith("c="):
            address = line.split()[-1]
        elif line.startswith("m=audio") and not port:
            fields = line.split()
            port, numbers = int(fields[1]), [int(number) for number in fields[3:]]
        elif line.startswith("a=rtpmap:"):
            number, name = line[9:].split(None, 1)
            names[int(number)] = name.strip()
        elif line[2:] in _DIRECTIONS:
            direction = line[2:]
    if not port:
        return None
    return Description(address, port, tuple((n, names.get(n, "?")) for n in numbers), direction)


def answer_to(offer: Description, address: str, port: int, known: Payloads) -> Description | None:
    """Answer an offer: the formats that both know, with the offer's numbers; None where there is none (488)."""
    mine = {name.upper() for _, name in known}
    common = tuple((number, name) for number, name in offer.payloads if name.upper() in mine)
    if not any(not name.startswith("telephone-event") for _, name in common):
        return None
    direction = _ANSWER[offer.direction]
    if offer.address in {"0.0.0.0", "::"} and direction == "sendrecv":  # noqa: S104  # RFC 2543's way to hold
        direction = "recvonly"
    return Description(address, port, common, direction)
