"""A phone that has been invited and has said nothing yet when the signalling process dies."""

from __future__ import annotations

import pytest

from softswitch.directory.demo import demo_accounts
from tests.integration.run.conftest import Start, kill
from tests.integration.run.echo_caller import EchoCaller
from tests.own_network import own

pytestmark = pytest.mark.network
HOST = own("58.1")
CALLER = own("58.2")
PHONE = own("58.3")


class SlowPhone(EchoCaller):
    """The phone of 102, which answers when it is told to."""

    def sign_on(self) -> None:
        """Register at the address where it is."""
        passwords = {row[0]: row[2] for row in demo_accounts(self.directory / "var" / "demo" / "site.yaml")}
        self.user, self.password = "102", passwords["102"]
        self.register(1)
        self.await_message("SIP/2.0 200")


def test_it_is_invited_again_by_the_next_and_its_answer_reaches_the_caller(start: Start) -> None:
    switch = start(HOST)
    switch.until_ready()
    with SlowPhone(switch.directory, HOST, PHONE) as phone, EchoCaller(switch.directory, HOST, CALLER) as caller:
        phone.sign_on()
        caller.target = f"sip:102@{HOST}"
        caller.try_call("SIP/2.0 100")
        first = phone.await_message("INVITE")
        kill(switch.pids()["brain"])
        while phone.heard():  # what the dead one has sent
            pass
        again = phone.await_message("INVITE")
        assert again == first
        sdp = f"v=0\r\no=- 1 1 IN IP4 {PHONE}\r\ns=-\r\nc=IN IP4 {PHONE}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
        phone.answer(again, sdp)
        assert "m=audio" in caller.await_message("SIP/2.0 200")
        phone.await_message("ACK")
    assert "Traceback" not in switch.log()
