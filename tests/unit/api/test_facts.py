"""Facts over a WebSocket, and what tokens of each role may do."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from starlette.types import Message

from softswitch.api.guard import Guard
from softswitch.api.roles import Bearer, permits
from softswitch.api.server import build_app
from softswitch.api.token_file import TokenFile
from softswitch.core.errors import CommandError
from tests.unit.api.fake_view import FakeView


@pytest.mark.parametrize(
    ("query", "told"),
    [("", [1, 2, 3]), ("conversation_id=c1", [1, 3]), ("names=segment.,call.", [3]), ("conversation_id=c3", [])],
)
async def test_facts_are_told_as_they_come_and_a_slow_watcher_is_let_go(query: str, told: list[int]) -> None:
    view = FakeView()
    sent: list[Message] = []
    coming: asyncio.Queue[Message] = asyncio.Queue()
    coming.put_nowait({"type": "websocket.connect"})

    async def send(message: Message) -> None:
        sent.append(message)
        if message["type"] == "websocket.close":
            coming.put_nowait({"type": "websocket.disconnect", "code": message["code"]})

    scope = {"type": "websocket", "path": "/api/v1/facts", "query_string": query.encode(), "headers": []}
    await build_app(view)(scope, coming.get, send)
    assert sent[0]["type"] == "websocket.accept"
    assert [json.loads(message["text"])["sequence"] for message in sent[1:-1]] == told
    assert (sent[-1]["type"], sent[-1]["code"]) == ("websocket.close", 1013)
    assert view.watched.closed


async def test_a_watcher_that_goes_is_watched_for_no_longer() -> None:
    view = FakeView()
    view.patient = True
    coming: asyncio.Queue[Message] = asyncio.Queue()
    for message in ("connect", "receive", "disconnect"):
        coming.put_nowait({"type": f"websocket.{message}", "text": "hello", "code": 1000})

    async def send(message: Message) -> None:
        assert message["type"] in {"websocket.accept", "websocket.send"}

    scope = {"type": "websocket", "path": "/api/v1/facts", "query_string": b"", "headers": []}
    await build_app(view)(scope, coming.get, send)
    assert view.watched.closed


@pytest.mark.parametrize(
    ("role", "method", "path", "allowed"),
    [
        ("viewer", "GET", "/api/v1/calls", True),
        ("viewer", "GET", "/api/v1/facts", True),
        ("viewer", "POST", "/api/v1/legs/c1.1/hold", False),
        ("viewer", "GET", "/api/v1/trace/c1", False),
        ("operator", "POST", "/api/v1/legs/c1.1/hold", True),
        ("operator", "PUT", "/api/v1/users/anna/status", True),
        ("operator", "POST", "/api/v1/site", False),
        ("operator", "DELETE", "/api/v1/bans", False),
        ("administrator", "POST", "/api/v1/site", True),
        ("", "GET", "/api/v1/calls", False),
    ],
)
def test_a_role_permits_what_it_is_for(role: str, method: str, path: str, allowed: bool) -> None:
    assert permits(Bearer(role), method, path, nobodys) is allowed


def nobodys(user: str, leg: str) -> bool:
    """No leg is anybody's own."""
    return False


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/v1/users/boris/calls", True),
        ("POST", "/api/v1/users/anna/calls", True),
        ("PUT", "/api/v1/users/anna/status", True),
        ("POST", "/api/v1/users/boris/calls", False),
        ("POST", "/api/v1/users/anna2/calls", False),
        ("POST", "/api/v1/legs/c1.1/hold", True),
        ("POST", "/api/v1/legs/c1.2/hold", False),
        ("POST", "/api/v1/legs/c1.2/supervise", True),
        ("DELETE", "/api/v1/conversations/c1", False),
        ("GET", "/api/v1/recordings", False),
    ],
)
def test_a_users_own_token_commands_that_users_line_alone(method: str, path: str, allowed: bool) -> None:
    assert (
        permits(Bearer("operator", "anna"), method, path, lambda user, leg: (user, leg) == ("anna", "c1.1")) is allowed
    )


async def test_tokens_open_what_their_role_permits_until_they_are_withdrawn(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path)
    viewer, operator = tokens.add("screen", "viewer"), tokens.add("crm", "operator")
    assert (tmp_path / "api.tokens").stat().st_mode & 0o777 == 0o600
    assert viewer not in (tmp_path / "api.tokens").read_text()
    own = tokens.add("anna-page", "operator", "anna")
    assert tokens.names() == [("screen", "viewer", ""), ("crm", "operator", ""), ("anna-page", "operator", "anna")]
    view = FakeView()
    app = Guard(build_app(view), "right", bearer_of=TokenFile(tmp_path).bearer_of, may_command=view.may_command)

    async def ask(method: str, path: str, token: str, body: dict[str, str] | None = None) -> tuple[int, str]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            answer = await http.request(method, path, headers={"Authorization": f"Bearer {token}"}, json=body)
        return answer.status_code, answer.json().get("error_id", "") if answer.is_error else ""

    assert await ask("GET", "/api/v1/status", viewer) == (200, "")
    assert await ask("POST", "/api/v1/legs/c1.1/hold", viewer) == (403, "role-forbids")
    assert await ask("POST", "/api/v1/legs/c1.1/hold", operator) == (200, "")
    assert await ask("DELETE", "/api/v1/bans?source=203.0.113.7", operator) == (403, "role-forbids")
    assert await ask("DELETE", "/api/v1/bans?source=203.0.113.7", "right") == (200, "")
    assert await ask("GET", "/api/v1/status", "made-up") == (401, "token-needed")
    assert await ask("POST", "/api/v1/legs/c1.1/hold", own) == (200, "")
    assert await ask("POST", "/api/v1/legs/c1.2/hold", own) == (403, "role-forbids")
    assert await ask("POST", "/api/v1/users/boris/pickup", own) == (403, "role-forbids")
    assert await ask("POST", "/api/v1/legs/c1.2/supervise", own, {"supervisor": "vera"}) == (403, "role-forbids")
    tokens.remove("screen")
    assert await ask("GET", "/api/v1/status", viewer) == (401, "token-needed")
    for name, role, error_id in (
        ("crm", "viewer", "token-exists"),
        ("a b", "viewer", "bad-name"),
        ("x", "boss", "bad-role"),
    ):
        with pytest.raises(CommandError) as refused:
            tokens.add(name, role)
        assert refused.value.error_id == error_id
    with pytest.raises(CommandError, match="only an operator's token"):
        tokens.add("boris-page", "viewer", "boris")
    with pytest.raises(CommandError):
        tokens.remove("nobody")
