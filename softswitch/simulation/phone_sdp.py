"""Session descriptions as a simulated phone writes and reads them.

Kept apart from :mod:`softswitch.sdp` on purpose: a misunderstanding there shall not be met by the same one here.
From test to test phones write and read the same ones, so these are remembered.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

Payloads = tuple[tuple[int, str], ...]
"""Payload numbers with what they stand for, e.g. ``(0, "PCMU/8000")``."""

USUAL_PAYLOADS: Final[Payloads] = ((0, "PCMU/8000"), (8, "PCMA/8000"), (101, "telephone-event/8000"))
SUITE: Final = "AES_CM_128_HMAC_SHA1_80"
"""The one suite of SRTP that simulated phones know."""
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
    profile: str = "RTP/AVP"
    crypto: tuple[tuple[str, str, str], ...] = ()
    """Tag, suite and key of each line of SRTP."""

    @property
    def sends(self) -> bool:
        """Whether the describing end means to send."""
        return self.direction in {"sendrecv", "sendonly"}

    @property
    def receives(self) -> bool:
        """Whether the describing end wants to hear."""
        return self.direction in {"sendrecv", "recvonly"} and self.address not in {"0.0.0.0", "::"}  # noqa: S104  # hold


@lru_cache(maxsize=1024)
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
        f"m=audio {description.port} {description.profile} {numbers}",
        *(f"a=crypto:{tag} {suite} inline:{key}" for tag, suite, key in description.crypto),
        *(f"a=rtpmap:{number} {name}" for number, name in description.payloads),
        *(f"a=fmtp:{number} 0-16" for number, name in description.payloads if name.startswith("telephone")),
        "a=ptime:20",
        f"a={description.direction}",
    ]
    return "\r\n".join(lines) + "\r\n"


@lru_cache(maxsize=1024)
def read_description(text: str) -> Description | None:
    """Read the first audio line that is not refused; None where there is none."""
    address, direction = "", "sendrecv"
    port, numbers, names, profile = 0, list[int](), dict(_STATIC), ""
    crypto: list[tuple[str, str, str]] = []
    for line in text.splitlines():
        if line.startswith("c="):
            address = line.split()[-1]
        elif line.startswith("m=audio") and not port:
            fields = line.split()
            port, profile, numbers = int(fields[1]), fields[2], [int(number) for number in fields[3:]]
        elif line.startswith("a=crypto:"):
            tag, suite, key = line[9:].split(None, 2)
            crypto.append((tag, suite, key.removeprefix("inline:")))
        elif line.startswith("a=rtpmap:"):
            number, name = line[9:].split(None, 1)
            names[int(number)] = name.strip()
        elif line[2:] in _DIRECTIONS:
            direction = line[2:]
    if not port:
        return None
    payloads = tuple((n, names.get(n, "?")) for n in numbers)
    return Description(address, port, payloads, direction, profile, tuple(crypto))


def answer_to(offer: Description, address: str, port: int, known: Payloads, key: str = "") -> Description | None:
    """Answer an offer: the formats that both know, with the offer's numbers; None where there is none (488).

    Args:
        offer: theirs.
        address: ours.
        port: ours.
        known: what we know.
        key: of our SRTP; empty: we have none.
    """
    crypto = tuple((tag, suite, key) for tag, suite, _ in offer.crypto if suite == SUITE and key)[:1]
    if offer.profile == "RTP/SAVP" and not crypto:
        return None
    mine = {name.upper() for _, name in known}
    common = tuple((number, name) for number, name in offer.payloads if name.upper() in mine)
    if not any(not name.startswith("telephone-event") for _, name in common):
        return None
    direction = _ANSWER[offer.direction]
    if offer.address in {"0.0.0.0", "::"} and direction == "sendrecv":  # noqa: S104  # RFC 2543's way to hold
        direction = "recvonly"
    return Description(address, port, common, direction, offer.profile, crypto)
