"""Commands about calls as HTTP carries them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from softswitch.api.server import build_app
from tests.unit.api.fake_view import FakeView


@pytest.fixture
def view() -> FakeView:
    return FakeView()


@pytest.fixture
async def http(view: FakeView) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(build_app(view))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost/api/v1") as client:
        yield client


async def test_the_calls_of_a_line_are_listed(http: httpx.AsyncClient) -> None:
    [call] = (await http.get("/users/anna/calls")).json()
    assert (call["leg"], call["user"], call["number"], call["state"], call["codec"], call["party"]) == (
        "c1.1",
        "anna",
        "101",
        "talking",
        "PCMA",
        "102",
    )
    refused = await http.get("/users/nobody/calls")
    assert (refused.status_code, refused.json()["field"]) == (404, "user")


@pytest.mark.row("I-2", "I-3")
async def test_each_command_names_the_line_or_the_leg_and_one_number(http: httpx.AsyncClient, view: FakeView) -> None:
    asked = (
        ("/users/anna/calls", {"number": "102", "route": "pstn"}, ("dial", "anna", "102", "pstn", "", True)),
        ("/users/anna/calls", {"number": "102", "auto_answer": False}, ("dial", "anna", "102", "", "", False)),
        ("/users/anna/pickup", {"number": "102"}, ("pick_up", "anna", "102")),
        ("/users/anna/retrieve", {"slot": "1"}, ("retrieve", "anna", "1")),
        ("/legs/c1.1/park", None, ("park", "c1.1", "")),
        ("/legs/c1.1/park", {"slot": "5"}, ("park", "c1.1", "5")),
        ("/legs/c1.1/answer", None, ("answer", "c1.1")),
        ("/legs/c1.1/hold", None, ("hold", "c1.1")),
        ("/legs/c1.1/connect", None, ("connect", "c1.1")),
        ("/legs/c1.1/hangup", None, ("hang_up", "c1.1")),
        ("/legs/c1.1/transfer", {"number": "103"}, ("transfer", "c1.1", "103", "", "")),
        (
            "/legs/c1.1/consult",
            {"number": "103", "route": "pstn", "caller_id": "+74950000001"},
            ("consult", "c1.1", "103", "pstn", "+74950000001"),
        ),
        ("/legs/c1.1/keys", {"keys": "12#"}, ("keys", "c1.1", "12#")),
        ("/legs/c1.1/playback", {"paused": True}, ("playback", "c1.1", True, None, None)),
        ("/legs/c1.1/playback", {"sound": 1, "at_s": 2.5}, ("playback", "c1.1", None, 1, 2.5)),
        ("/legs/c1.1/confirm", None, ("confirm", "c1.1", "")),
        ("/legs/c1.1/confirm", {"other_leg": "c2.1"}, ("confirm", "c1.1", "c2.1")),
        ("/legs/c1.1/cancel", None, ("cancel", "c1.1")),
        ("/legs/c1.1/toggle", None, ("toggle", "c1.1")),
        ("/legs/c1.1/conference", {"number": "103"}, ("conference", "c1.1", "103")),
        ("/legs/c1.1/conference", None, ("conference", "c1.1", "")),
        ("/legs/c1.1/mute", None, ("mute", "c1.1", True)),
        ("/legs/c1.1/mute", {"wanted": False}, ("mute", "c1.1", False)),
        ("/legs/c1.1/supervise", {"supervisor": "vera"}, ("supervise", "c1.1", "vera", "listen", "agent")),
    )
    for path, body, order in asked:
        answer = await http.post(path, json=body)
        assert answer.status_code == 200, path
        assert view.orders[-1] == order


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("/legs/c9.1/hold", None, 404, "leg"),
        ("/legs/c1.1/transfer", {}, 422, "body.number"),
        ("/legs/c1.1/transfer", {"number": 5}, 422, "body.number"),
        ("/legs/c1.1/consult", {"number": "103", "rout": "pstn"}, 422, "body.rout"),
        ("/legs/c1.1/supervise", {}, 422, "body.supervisor"),
        ("/users/anna/calls", None, 422, "body"),
    ],
)
async def test_a_bad_command_is_a_problem_with_its_field(
    http: httpx.AsyncClient, view: FakeView, path: str, body: object, status: int, field: str
) -> None:
    answer = await http.post(path, json=body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert answer.headers["content-type"] == "application/problem+json"
    assert not view.orders


async def test_conferences_are_listed_with_their_people(http: httpx.AsyncClient) -> None:
    (found,) = (await http.get("/conferences")).json()
    assert (found["conversation_id"], found["room"]) == ("c1", "meeting")
    assert found["members"] == [
        {"leg": "c1.1", "user": "anna", "number": "101", "state": "talking", "muted": True, "moderator": False}
    ]


async def test_whom_one_can_transfer_to_is_data(http: httpx.AsyncClient) -> None:
    [vera] = (await http.get("/users/anna/targets", params={"everybody": True})).json()
    assert (vera["kind"], vera["number"], vera["available"], vera["status"]) == ("user", "103", True, "ready")


@pytest.mark.parametrize(
    "body", [b'{"text": "a\\ud83d"}', b'{"text": "\\uDE00\\uD83D"}', '{"text": "Эй \\ud83d"}'.encode()]
)
async def test_half_a_surrogate_pair_is_no_text(http: httpx.AsyncClient, view: FakeView, body: bytes) -> None:
    answer = await http.put("/legs/c1.1/note", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["field"], view.orders) == (422, "body", [])


async def test_a_whole_pair_is_text(http: httpx.AsyncClient, view: FakeView) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        yield b'{"text": "\\ud8'
        yield b'3d\\ude00"}'

    headers = {"content-type": "application/json"}
    answer = await http.put("/legs/c1.1/note", content=in_pieces(), headers=headers)
    assert answer.status_code == 200
    assert view.orders == [("note", "c1.1", "\U0001f600")]
    assert (await http.put("/legs/c1.1/note", content=b'{"text": "\\ud', headers=headers)).status_code == 422
