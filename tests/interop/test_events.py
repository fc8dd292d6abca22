"""Lamps, messages and presence as real programs see them: SIPp's keys, baresip's modules mwi and presence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.interop.conftest import PhoneMaker
from tests.interop.peers.audio import write_tone
from tests.interop.peers.baresip import Baresip
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import SippPhone
from tests.interop.peers.switch import SwitchProcess
from tests.waiting import until

pytestmark = pytest.mark.network

DIALOG = "{urn:ietf:params:xml:ns:dialog-info}dialog"
ELSEWHERE = "SIP;cause=200;text=.Call completed elsewhere."


@pytest.fixture
def sipp_phones(space: Namespace, stack: ExitStack, tmp_path: Path) -> list[SippPhone]:
    found = [
        SippPhone(space, tmp_path, extension, address=f"127.0.3.{number}")
        for number, extension in enumerate(("221", "222", "223"), 1)
    ]
    for phone in found:
        stack.callback(phone.close)
        phone.plays("register.xml")
    return found


@pytest.fixture(scope="module", autouse=True)
def watcher(space: Namespace, switch: SwitchProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Baresip]:
    """A phone that watches Boris: baresip begins with that ten seconds after its start, while other tests run."""
    directory = tmp_path_factory.mktemp("watcher")
    write_tone(directory / "in.wav", 850, 1.0)
    found = Baresip(
        space,
        directory,
        address="127.0.0.1",
        number=9,
        account="<sip:103@127.0.0.1:5060>;auth_user=103;auth_pass=secret-103;regint=120",
        modules=("contact", "presence"),
        contacts='"Boris" <sip:102@127.0.0.1>;presence=p2p\n',
    )
    try:
        found.until_registered()
        yield found
    finally:
        found.close()


@pytest.fixture(autouse=True)
def at_rest(switch: SwitchProcess, stack: ExitStack) -> Iterator[None]:
    yield
    switch.until_at_rest()


def test_a_key_shows_what_rings_and_picks_it_up_without_a_code(
    switch: SwitchProcess, sipp_phones: list[SippPhone]
) -> None:
    caller, callee, picker = sipp_phones
    picker.plays("watch.xml", dial=callee.extension, shows="<state>terminated</state>")
    ringing = callee.starts("ring.xml", reason=ELSEWHERE)
    calling = caller.starts("call.xml", dial=callee.extension)
    switch.until_ringing()
    watched = picker.plays("watch.xml", dial=callee.extension, shows="<state>early</state>")
    told = next(text for text in watched.received() if text.startswith("NOTIFY "))
    body = told.partition("\r\n\r\n")[2] or told.partition("\n\n")[2]
    dialog = next(one for one in ElementTree.fromstring(body).iter(DIALOG))
    tags = f"to-tag={dialog.attrib['local-tag']};from-tag={dialog.attrib['remote-tag']}"
    replaces = f"{dialog.attrib['call-id']};{tags}"
    picker.plays("call_replacing.xml", dial=callee.extension, replaces=replaces)
    ringing.finished()
    calling.finished()


def test_baresip_is_told_of_its_messages(switch: SwitchProcess, phone: PhoneMaker) -> None:
    anna = phone("101", modules=("mwi",), more=";mwi=yes")
    until_logged(anna, "Messages-Waiting: no")
    assert "Voice-Message: 0/0" in anna.log()


def test_baresip_sees_a_buddy_come_and_go(switch: SwitchProcess, phone: PhoneMaker, watcher: Baresip) -> None:
    until(  # it begins ten seconds after its start
        lambda: any(one["package"] == "presence" for one in json.loads(switch.cli("subscriptions", "--json"))),
        watcher.log,
        pause_s=0.5,
    )
    phone("102").close()
    until_logged(watcher, "102@127.0.0.1> changed status from .*Offline.* to .*Online")
    until_logged(watcher, "102@127.0.0.1> changed status from .*Online.* to .*Offline")


def until_logged(phone: Baresip, pattern: str) -> None:
    until(lambda: re.search(pattern, phone.log()), lambda: f"no {pattern}:\n{phone.log()[-3000:]}")
