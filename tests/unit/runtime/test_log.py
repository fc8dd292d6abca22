from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from softswitch.runtime.log import about, configure_logging, get_logger


@pytest.fixture(autouse=True)
def _reset() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_a_line_is_json_where_nobody_reads_it() -> None:
    out = io.StringIO()
    configure_logging("brain", stream=out)
    get_logger("calls").info("call.started", conversation_id="c1", name="Анна")
    line = json.loads(out.getvalue())
    assert line["event"] == "call.started"
    assert line["level"] == "info"
    assert line["role"] == "brain"
    assert line["area"] == "calls"
    assert line["at"].endswith("Z")
    assert "Анна" in out.getvalue()


def test_a_line_is_key_value_for_people() -> None:
    out = io.StringIO()
    configure_logging("brain", form="terminal", stream=out)
    get_logger("calls").info("call.started", conversation_id="c1")
    assert "event=call.started conversation_id=c1" in out.getvalue()


def test_levels_below_the_wanted_one_are_not_written() -> None:
    out = io.StringIO()
    configure_logging("brain", level="warning", stream=out)
    get_logger("x").info("something.happened")
    assert not out.getvalue()


def test_context_is_on_every_line() -> None:
    out = io.StringIO()
    configure_logging("brain", stream=out)
    with structlog.contextvars.bound_contextvars(conversation_id="c1", leg="c1.1"):
        get_logger("x").info("leg.answered")
    assert json.loads(out.getvalue())["leg"] == "c1.1"


def test_what_is_done_for_a_leg_is_told_with_leg_and_conversation() -> None:
    out = io.StringIO()
    configure_logging("brain", stream=out)
    with about("c1", "c1.2"):
        get_logger("x").info("trunk.no_password")
    get_logger("x").info("address.appeared")
    inside, outside = map(json.loads, out.getvalue().splitlines())
    assert (inside["conversation_id"], inside["leg"]) == ("c1", "c1.2")
    assert not {"conversation_id", "leg"} & set(outside)


def test_a_line_that_names_a_leg_names_its_conversation() -> None:
    out = io.StringIO()
    configure_logging("worker-0", stream=out)
    with about("another"):
        get_logger("x").info("row.broke", leg="c1.2")
    assert json.loads(out.getvalue())["conversation_id"] == "c1"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("password", "s3cret"),
        ("api_token", "s3cret"),
        ("message", 'INVITE sip:x SIP/2.0\r\nAuthorization: Digest response="s3cret"\r\nTo: <sip:y>\r\n'),
        ("message", "authorization:Digest s3cret"),
        ("sdp", "m=audio 1 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:s3cret\r\n"),
        ("database", "postgresql+psycopg://user:s3cret@db/x"),
    ],
)
def test_nothing_secret_is_written(key: str, text: str) -> None:
    out = io.StringIO()
    configure_logging("brain", stream=out)
    get_logger("x").info("something.happened", **{key: text})
    assert "s3cret" not in out.getvalue()
    assert "[hidden]" in out.getvalue()


def test_what_follows_a_secret_header_is_kept() -> None:
    out = io.StringIO()
    configure_logging("brain", stream=out)
    get_logger("x").info("message.received", message="A: 1\r\nAuthorization: Digest x\r\nTo: <sip:y@z>\r\n")
    assert "To: <sip:y@z>" in json.loads(out.getvalue())["message"]


def test_a_failure_is_written_with_its_traceback() -> None:
    out = io.StringIO()
    configure_logging("brain", stream=out)
    get_logger("x").error("task.failed", exc_info=ValueError("broken"))
    assert "ValueError: broken" in json.loads(out.getvalue())["exception"]


class ClosedTerminal(io.StringIO):
    tried = 0

    def write(self, text: str) -> int:
        self.tried += 1
        raise OSError(5, "Input/output error")


def test_a_log_that_nobody_can_read_any_more_harms_nobody() -> None:
    closed = ClosedTerminal()
    configure_logging("brain", stream=closed)
    get_logger("x").info("something.happened")
    assert closed.tried
