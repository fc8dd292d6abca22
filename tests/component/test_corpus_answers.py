"""What the whole switch answers to each message of the corpus: these statuses and no others, or nothing at all."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import pytest

from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually
from softswitch.simulation.world import Setting, World
from softswitch.sip.message import Response
from softswitch.sip.parse import parse_message

CORPUS: Final = Path(__file__).parents[1] / "corpora" / "sip"
MANIFEST: Final[dict[str, dict[str, dict[str, Any]]]] = json.loads((CORPUS / "manifest.json").read_text())
SENDER: Final = ("203.0.113.9", 5060)
CASES: Final = [(kind, name) for kind, entries in MANIFEST.items() for name in entries]

RFC_4475: Final = [
    "wsinv",
    "intmeth",
    "esc01",
    "escnull",
    "esc02",
    "lwsdisp",
    "longreq",
    "dblreq",
    "semiuri",
    "transports",
    "mpart01",
    "unreason",
    "noreason",
    "badinv01",
    "clerr",
    "ncl",
    "scalar02",
    "scalarlg",
    "quotbal",
    "ltgtruri",
    "lwsruri",
    "lwsstart",
    "trws",
    "escruri",
    "baddate",
    "regbadct",
    "badaspec",
    "baddn",
    "badvers",
    "mismatch01",
    "mismatch02",
    "bigcode",
    "badbranch",
    "insuf",
    "unkscm",
    "novelsc",
    "unksm2",
    "bext01",
    "invut",
    "regaut01",
    "multi01",
    "mcl01",
    "bcast",
    "zeromf",
    "cparam01",
    "cparam02",
    "regescrt",
    "sdp01",
    "inv2543",
]
"""Every case of its section 3, by its label."""
RFC_5118: Final = [
    "ipv6-good",
    "ipv6-bad",
    "port-ambiguous",
    "port-unambiguous",
    "via-received-param-with-delim",
    "via-received-param-no-delim",
    "ipv6-in-sdp",
    "mult-ip-in-header",
    "mult-ip-in-sdp",
    "ipv4-mapped-ipv6",
    "ipv6-bug-abnf-3-colons",
]
"""Every case of its section 4, by its label."""


def answers(data: bytes) -> list[int]:
    """Send a datagram to a switch and return the statuses of what comes back."""

    async def script(loop: VirtualLoop) -> list[int]:
        world = World(loop, 1, Setting())
        sent: list[bytes] = []
        sender = world.network.bind(SENDER, lambda octets, source: sent.append(octets))
        sender.send(data, world.switch.address)
        await asyncio.sleep(0.4)  # before anything is sent again
        world.switch.check()
        counts = world.switch.brain.counts()
        assert (counts["calls"], counts["dialogs"]) == (0, 0)
        found = [parse_message(octets) for octets in sent]
        assert all(isinstance(each, Response) for each in found)
        return [each.status for each in found if isinstance(each, Response)]

    return run_virtually(script)


@pytest.mark.parametrize("label", [*RFC_4475, *RFC_5118])
def test_every_case_of_rfc_4475_and_rfc_5118_is_there(label: str) -> None:
    assert label in {name for _, name in CASES}


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_message_gets_the_answer_that_the_manifest_says(kind: str, name: str) -> None:
    assert answers((CORPUS / kind / f"{name}.sip").read_bytes()) == MANIFEST[kind][name]["answered"]
