"""Recordings over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from softswitch.api.server import build_app
from tests.unit.api.fake_view import FakeView


@pytest.fixture
def view(tmp_path: Path) -> FakeView:
    made = FakeView()
    made.file = tmp_path / "c1-01.wav"
    made.file.write_bytes(b"RIFF sound")
    return made


@pytest.fixture
async def http(view: FakeView) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(build_app(view))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost/api/v1") as client:
        yield client


async def test_recordings_are_listed_a_page_at_a_time(http: httpx.AsyncClient, view: FakeView) -> None:
    asked: dict[str, str | int] = {"number": "101", "since": "2026-11-22T10:00:00", "limit": 20, "offset": 40}
    [one] = (await http.get("/recordings", params=asked)).json()
    assert (one["recording"], one["seconds"], one["octets"]) == ("c1-01", 60.0, 960_044)
    assert view.asked == [("", "101", 1_795_341_600.0, 20, 40)]
    assert (await http.get("/recordings", params={"limit": 0})).status_code == 422


async def test_each_access_and_each_deletion_is_noted_with_who_and_what_for(
    http: httpx.AsyncClient, view: FakeView
) -> None:
    sound = await http.get("/recordings/c1-01/audio", params={"how": "export", "by": "vera"})
    assert sound.content == b"RIFF sound"
    told = (await http.post("/recordings/c1-01/access", json={"how": "play", "by": "anna"})).json()
    assert told == {"recording": "c1-01", "path": str(view.file)}
    assert (await http.delete("/recordings/c1-01", params={"by": "vera", "why": "age"})).status_code == 200
    assert view.noted == [
        ("accessed", "c1-01", "vera", "export"),
        ("accessed", "c1-01", "anna", "play"),
        ("deleted", "c1-01", "vera", "age"),
        ("removed", "c1-01"),
    ]


async def test_what_is_not_there_is_refused_and_nothing_is_noted(http: httpx.AsyncClient, view: FakeView) -> None:
    for method, path in (("GET", "/recordings/x/audio"), ("DELETE", "/recordings/x")):
        answer = await http.request(method, path)
        assert (answer.status_code, answer.json()["error_id"]) == (404, "unknown-recording")
    assert (await http.post("/recordings/c1-01/access", json={"how": "steal"})).status_code == 422
    assert view.noted == []


async def test_a_leg_s_call_is_recorded_and_no_more(http: httpx.AsyncClient) -> None:
    started = (await http.post("/legs/c1.1/record/start")).json()
    assert started["recording"] is True
    assert started["files"] == ["recordings/2026-11-22/c1-01.wav"]
    stopped = await http.post("/legs/c1.1/record/stop")
    assert (stopped.status_code, stopped.json()["error_id"], stopped.json()["field"]) == (409, "not-recording", "leg")
