"""Namespaces, the switch and phones, closed in the right order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests.interop.peers.audio import write_tone
from tests.interop.peers.baresip import Baresip
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SwitchProcess, ends_well

SPEAKS_S = 300.0
"""Longer than a call lasts on a busy machine: at the end of its file, a phone hangs up."""
TONES_HZ = {"101": 440.0, "102": 620.0, "103": 850.0, "201": 1090.0, "202": 1390.0}


class PhoneMaker(Protocol):
    """Starts baresip as the phone of an extension and waits until it is registered."""

    def __call__(
        self,
        extension: str,
        *,
        space: Namespace | None = None,
        address: str = "127.0.0.1",
        registrar: str = "127.0.0.1:5060",
        more: str = "",
        number: int | None = None,
        codec: str = "g711",
        modules: tuple[str, ...] = (),
        contacts: str = "",
        amplitude: int = 16000,
    ) -> Baresip: ...


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


@pytest.fixture(scope="module")
def space() -> Iterator[Namespace]:
    """A module's network: its switch, and phones that are not told otherwise."""
    found = Namespace()
    yield found
    found.close()


@pytest.fixture(scope="module")
def switch(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchProcess]:
    """A module's switch; every test leaves it at rest. In the end it must stop cleanly and have nothing to regret."""
    with ends_well(SwitchProcess(space, tmp_path_factory.mktemp("switch"))) as found:
        yield found


@pytest.fixture
def phone(stack: ExitStack, space: Namespace, tmp_path: Path) -> PhoneMaker:
    default = space
    made = 0

    def make(
        extension: str,
        *,
        space: Namespace | None = None,
        address: str = "127.0.0.1",
        registrar: str = "127.0.0.1:5060",
        more: str = "",
        number: int | None = None,
        codec: str = "g711",
        modules: tuple[str, ...] = (),
        contacts: str = "",
        amplitude: int = 16000,
    ) -> Baresip:
        nonlocal made
        made += 1
        directory = tmp_path / f"phone-{made}"
        directory.mkdir()
        write_tone(directory / "in.wav", TONES_HZ[extension], SPEAKS_S, amplitude=amplitude)
        account = f"<sip:{extension}@{registrar}>;auth_user={extension};auth_pass=secret-{extension};regint=120{more}"
        found = Baresip(
            space or default,
            directory,
            address=address,
            number=number or made,
            account=account,
            codec=codec,
            modules=modules,
            contacts=contacts,
        )
        stack.callback(found.close)
        found.until_registered()
        return found

    return make
