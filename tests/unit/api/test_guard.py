from __future__ import annotations

import httpx
import pytest
from starlette.types import Message

from softswitch.api.guard import Guard
from softswitch.api.server import build_app
from tests.unit.api.fake_view import FakeView

TOKEN = {"Authorization": "Bearer right"}


async def get(path: str, headers: dict[str, str], *, host: str = "127.0.0.1:8080", client: str = "127.0.0.1") -> int:
    app = Guard(build_app(FakeView()), "right", hosts=("pbx.example",))
    transport = httpx.ASGITransport(app, client=(client, 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://any") as http:
        answer = await http.get(path, headers={"Host": host, **headers})
    return answer.status_code


async def test_the_token_opens_the_door() -> None:
    assert await get("/api/v1/status", TOKEN) == 200


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", "Bearer wrong", "bearer right", "Basic right", "right"])
async def test_nothing_else_does(given: str) -> None:
    assert await get("/api/v1/status", {"Authorization": given} if given else {}) == 401


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "[::1]:8080", "[::1]", "pbx.example:80"])
async def test_a_host_of_ours_is_accepted(host: str) -> None:
    assert await get("/api/v1/status", TOKEN, host=host) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.nip.io", ""]
)
async def test_a_host_that_is_not_ours_is_refused_whatever_the_token(host: str) -> None:
    assert await get("/api/v1/status", TOKEN, host=host) == 421
    assert await get("/healthz", {}, host=host) == 421


async def test_health_is_open_to_loopback_alone() -> None:
    assert await get("/healthz", {}) == 200
    assert await get("/metrics", {}) == 200
    assert await get("/metrics", {}, client="192.168.1.9") == 401
    assert await get("/healthz", {}, client="::1") == 200
    assert await get("/healthz", {}, client="192.168.1.9") == 401
    assert await get("/healthz", TOKEN, client="192.168.1.9") == 200


@pytest.mark.parametrize("path", ["/healthz/", "//healthz", "/healthz/../api/v1/status", "/api/v1/openapi.json"])
async def test_no_other_path_is_open(path: str) -> None:
    assert await get(path, {}) == 401


async def test_a_websocket_without_the_token_is_closed() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    guard = Guard(build_app(FakeView()), "right")
    scope = {"type": "websocket", "path": "/api/v1/live", "headers": [(b"host", b"localhost")], "client": ("::1", 1)}
    await guard(scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_the_lifespan_passes() -> None:
    sent: list[Message] = []
    events: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return events.pop(0)

    await Guard(build_app(FakeView()), "right")({"type": "lifespan", "state": {}}, receive, send)
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
