"""Phones on TCP and TLS, whose connections end with the brain: their calls go on over the next connection."""

from __future__ import annotations

import re
import signal

import pytest

from tests.integration.run.conftest import Start, kill
from tests.integration.run.echo_caller import StreamCaller, TlsCaller
from tests.own_network import own
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.network
HOST = own("57.1")
PHONE = own("57.2")
OTHER_HOST = own("57.3")


def test_a_call_goes_on_over_a_new_connection_in_both_directions(start: Start) -> None:
    switch = start(HOST)
    switch.until_ready()
    with StreamCaller(switch.directory, HOST, PHONE) as caller:
        caller.call()
        switch.until(lambda: switch.status()["calls"] == 1)
        brain = switch.pids()["brain"]
        kill(brain)
        caller.rtp_echoes()
        with pytest.raises(ConnectionError):
            caller.receive()
        caller.socket.close()
        caller.connect()
        at = caller.rtp.getsockname()[1]
        sdp = f"v=0\r\no=- 1 2 IN IP4 {PHONE}\r\ns=-\r\nc=IN IP4 {PHONE}\r\nt=0 0\r\nm=audio {at} RTP/AVP 0\r\n"
        caller.send("INVITE", 3, caller.to_tag, sdp=sdp)
        assert re.search(r"^m=audio [1-9]", caller.await_message("SIP/2.0 200"), re.MULTILINE)
        caller.send("ACK", 3, caller.to_tag)
        caller.rtp_echoes()
        switch.until(lambda: switch.pids().get("brain", brain) != brain)
        switch.process.send_signal(signal.SIGINT)
        caller.answer(caller.await_message("BYE"))
        assert switch.process.wait(PATIENCE_S) == 0
    assert "Traceback" not in switch.log()


def test_a_phone_on_tls_that_was_away_hears_of_the_end_of_its_call_when_it_registers_again(start: Start) -> None:
    switch = start(OTHER_HOST, listen=(f"tls:{OTHER_HOST}:5061",))
    switch.until_ready()
    with TlsCaller(switch.directory, OTHER_HOST, PHONE) as caller:
        caller.register(11)
        caller.await_message("SIP/2.0 200")
        caller.call()
        switch.until(lambda: switch.status()["calls"] == 1)
        kill(switch.pids()["brain"])
        with pytest.raises(ConnectionError):
            caller.receive()
        caller.socket.close()
        (call,) = switch.ask("calls")
        switch.ask(f"legs/{call['legs'][0]['leg']}/hangup", "POST")
        switch.until(lambda: switch.status()["calls"] == 0)
        caller.connect()
        caller.register(21)
        caller.answer(caller.await_message("BYE"))
        switch.until(lambda: not any(switch.status()[name] for name in ("legs", "dialogs", "transactions", "timers")))
        assert switch.stop() == 0
    assert "Traceback" not in switch.log()
