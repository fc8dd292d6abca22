"""Others are told of calls: signed, each message once where it arrives, tried again where it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook as Verifier

from softswitch.app.webhook_sender import RETRIES_S, WebhookSender
from softswitch.calls import facts
from softswitch.core.facts import encode
from softswitch.directory.connectors import Webhook
from softswitch.journal.segments import SegmentWriter, last_sequence
from softswitch.storage.webhook_spool import WebhookSpool

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HOOK = Webhook("crm", "https://crm.example.net/calls", "WEBHOOK_SECRET")
CALL = "0199-call"


def call_facts() -> list[object]:
    place = ("sip:x@192.0.2.1", ("udp", "192.0.2.1", 5060, "192.0.2.2", 5060, ""), "192.0.2.1", "192.0.2.1")
    return [
        facts.ConversationStarted("+79161112233", "+74950000001", "Romashka", "", "pstn"),
        facts.LegAdded(f"{CALL}.1", "caller", "", "+79161112233", *place),
        facts.LegAdded(f"{CALL}.2", "callee", "anna", "101", *place),
        facts.SegmentStarted(1, f"{CALL}.1", f"{CALL}.2", "PCMA"),
        facts.ConversationEnded("completed", 200),
    ]


class Receiver:
    """Somebody's web server, and the sender that tells it."""

    def __init__(self, directory: Path) -> None:
        self.journal = SegmentWriter(directory / "journal")
        self.directory = directory
        self.got: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.status = 200
        self.wall_s = 1_795_000_000.0
        self.hooks = {HOOK.name: HOOK}
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.sender = self.another()

    def another(self) -> WebhookSender:
        journal = self.directory / "journal"
        self.spool = WebhookSpool(self.directory)
        last = last_sequence(journal)
        return WebhookSender(
            journal, self.spool, lambda: self.hooks, self.client, lambda: self.wall_s, last_sequence=last
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.status == 0:
            raise httpx.ConnectTimeout("nobody there")
        if self.status == 200:
            self.ids.append(request.headers["webhook-id"])
            self.got.append(json.loads(request.content))
            assert request.headers["webhook-timestamp"] == str(int(self.wall_s))
            signed = Verifier(SECRET).sign(self.ids[-1], _moment(self.wall_s), request.content.decode())
            assert request.headers["webhook-signature"] == signed
        return httpx.Response(self.status)

    def write(self, *made: object) -> None:
        first = self.journal.last_sequence + 1
        self.journal.append([encode(first + i, self.wall_s, CALL, fact) for i, fact in enumerate(made)])
        self.journal.sync()


def _moment(wall_s: float) -> datetime:
    return datetime.fromtimestamp(int(wall_s), UTC)


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    made = Receiver(tmp_path)
    yield made
    made.spool.close()
    made.journal.close()


@pytest.mark.row("C-36")
async def test_a_call_is_told_from_its_start_to_its_end(receiver: Receiver) -> None:
    receiver.write(*call_facts())
    assert receiver.sender.read() == 5
    assert await receiver.sender.deliver(HOOK) == 4
    told = {event["type"]: event["data"] for event in receiver.got}
    assert sorted(told) == ["call.answered", "call.ended", "call.ringing", "call.started"]
    about = {
        "conversation_id": CALL,
        "from_number": "+79161112233",
        "from_user": "",
        "to_number": "+74950000001",
        "trunk": "pstn",
    }
    assert told["call.started"] == about
    assert told["call.answered"] == {**about, "user": "anna", "number": "101"}
    assert told["call.ended"] == {**about, "reason": "completed", "status": 200}
    assert receiver.got[0]["timestamp"] == "2026-11-18T11:06:40.000Z"
    assert await receiver.sender.deliver(HOOK) == 0


async def test_only_the_wanted_events_are_told(receiver: Receiver) -> None:
    receiver.hooks = {"crm": Webhook("crm", HOOK.url, HOOK.secret_env, ("ended",))}
    receiver.write(*call_facts())
    receiver.sender.read()
    await receiver.sender.deliver(HOOK)
    assert [event["type"] for event in receiver.got] == ["call.ended"]


async def test_a_sender_that_dies_in_a_call_goes_on_where_it_was_and_tells_nothing_twice(receiver: Receiver) -> None:
    made = call_facts()
    receiver.write(*made[:3])
    receiver.sender.read()
    await receiver.sender.deliver(HOOK)
    receiver.write(*made[3:])
    receiver.spool.close()
    receiver.sender = receiver.another()
    receiver.sender.read()
    await receiver.sender.deliver(HOOK)
    assert [event["type"].removeprefix("call.") for event in receiver.got] == [
        "started",
        "ringing",
        "answered",
        "ended",
    ]
    assert receiver.got[2]["data"]["user"] == "anna"


@pytest.mark.row("C-36")
@pytest.mark.parametrize("status", [0, 500, 404])
async def test_what_does_not_arrive_is_tried_again_with_its_id_later_and_later_and_then_kept(
    receiver: Receiver, status: int
) -> None:
    receiver.status = status
    receiver.write(call_facts()[0])
    receiver.sender.read()
    waits = []
    for _ in range(len(RETRIES_S)):
        assert await receiver.sender.deliver(HOOK) == 0
        (message,) = receiver.spool.all()
        waits.append(message.next_at - receiver.wall_s)
        receiver.wall_s = message.next_at - 1
        assert not receiver.spool.due("crm", receiver.wall_s, 10)
        receiver.wall_s += 1
    assert waits == list(RETRIES_S)
    await receiver.sender.deliver(HOOK)
    (message,) = receiver.spool.all()
    assert message.given_up
    assert message.attempts == len(RETRIES_S) + 1
    assert message.problem == ("ConnectTimeout: nobody there" if status == 0 else f"status {status}")


async def test_a_receiver_that_comes_back_gets_what_waited(receiver: Receiver) -> None:
    receiver.status = 0
    receiver.write(*call_facts())
    receiver.sender.read()
    await receiver.sender.deliver(HOOK)
    receiver.status, receiver.wall_s = 200, receiver.wall_s + 10
    assert await receiver.sender.deliver(HOOK) == 4
    assert len(set(receiver.ids)) == 4
    assert not receiver.spool.all()


async def test_without_a_secret_nothing_is_sent_and_the_variable_is_named(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEBHOOK_SECRET")
    receiver.write(call_facts()[0])
    receiver.sender.read()
    await receiver.sender.deliver(HOOK)
    assert receiver.got == []
    assert receiver.spool.all()[0].problem == "the environment variable WEBHOOK_SECRET is empty"
