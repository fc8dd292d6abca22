from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from softswitch.api import site
from softswitch.api.server import build_app
from tests.unit.api.fake_view import FakeView


@pytest.fixture
def view() -> FakeView:
    return FakeView()


@pytest.fixture
async def http(view: FakeView) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(build_app(view))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def test_the_status_counts_everything_and_names_the_processes(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/v1/status")
    assert answer.json() == {
        "calls": 1,
        "legs": 2,
        "dialogs": 2,
        "transactions": 0,
        "ports": 2,
        "timers": 1,
        "registrations": 1,
        "subscriptions": 0,
        "processes": [{"role": "brain", "pid": 41}, {"role": "worker", "pid": 42}],
        "version": "0.1.0",
        "started_at": "2026-11-22T10:00:00.000Z",
        "alarms": ["disk full"],
    }


async def test_registrations_are_listed(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/v1/registrations")
    assert answer.json() == [
        {
            "extension": "101",
            "contact": "sip:101@10.0.0.7:5062",
            "source": "udp:10.0.0.7:5062",
            "expires_s": 3312,
        }
    ]


async def test_trunks_are_listed(http: httpx.AsyncClient) -> None:
    pstn, spare = (await http.get("/api/v1/trunks")).json()
    assert pstn == {
        "name": "pstn",
        "host": "192.0.2.9",
        "registers": True,
        "registered_until": "2026-11-22T11:00:00.000Z",
        "last_failure": "",
        "last_failure_at": "",
        "calls": 2,
    }
    assert (spare["registered_until"], spare["last_failure"]) == ("", "403 Forbidden")


async def test_long_lists_come_a_page_at_a_time(http: httpx.AsyncClient, view: FakeView) -> None:
    view.call_count = 5
    first = await http.get("/api/v1/calls", params={"limit": 2})
    assert ([one["conversation_id"] for one in first.json()], first.headers["X-Total-Count"]) == (["c1", "c2"], "5")
    assert first.headers["Link"] == '</api/v1/calls?limit=2&offset=2>; rel="next"'
    last = await http.get("/api/v1/calls", params={"limit": 2, "offset": 4})
    assert ([one["conversation_id"] for one in last.json()], "Link" in last.headers) == (["c5"], False)
    for wrong in ({"limit": 0}, {"limit": 1001}, {"offset": -1}):
        refused = await http.get("/api/v1/calls", params=wrong)
        assert (refused.status_code, refused.json()["field"]) == (422, f"query.{next(iter(wrong))}")


@pytest.mark.parametrize("path", ["agents", "users/anna/targets", "registrations"])
async def test_other_long_lists_do_so_too(http: httpx.AsyncClient, path: str) -> None:
    whole = (await http.get(f"/api/v1/{path}")).json()
    page = await http.get(f"/api/v1/{path}", params={"limit": 1, "offset": len(whole) - 1})
    assert (page.json(), page.headers["X-Total-Count"]) == (whole[-1:], str(len(whole)))


async def test_calls_are_listed_with_their_legs(http: httpx.AsyncClient) -> None:
    [call] = (await http.get("/api/v1/calls")).json()
    assert (call["conversation_id"], call["state"]) == ("c1", "talking")
    assert call["legs"][0] == {
        "leg": "c1.1",
        "user": "anna",
        "number": "101",
        "state": "talking",
        "codec": "PCMA",
        "quality": None,
    }


async def test_the_messages_of_a_conversation_are_listed(http: httpx.AsyncClient) -> None:
    [message] = (await http.get("/api/v1/trace/c1")).json()
    assert (message["sent"], message["remote"], message["text"]) == (True, "10.0.0.7:5062", "BYE ...")
    assert (await http.get("/api/v1/trace/c2")).json()["error_id"] == "no-messages"


async def test_what_phones_watch_is_listed(http: httpx.AsyncClient) -> None:
    [lamp] = (await http.get("/api/v1/subscriptions")).json()
    assert (lamp["extension"], lamp["package"], lamp["resource"], lamp["state"]) == ("101", "dialog", "102", "quiet")


async def test_phones_are_told_to_look_at_their_configuration(http: httpx.AsyncClient) -> None:
    [told] = (await http.post("/api/v1/phones/101/resync", json={"reboot": True})).json()
    assert told == {"contact": "sip:101@10.0.0.7:5062", "event": "check-sync;reboot=true"}
    refused = await http.post("/api/v1/phones/999/resync", json={})
    assert (refused.status_code, refused.json()["error_id"]) == (404, "unknown-extension")


async def test_bans_are_listed_and_lifted(http: httpx.AsyncClient) -> None:
    [ban] = (await http.get("/api/v1/bans")).json()
    assert ban == {"source": "203.0.113.7", "until": "2026-11-22T10:10:00.000Z", "reason": "guessing", "times": 1}
    assert (await http.delete("/api/v1/bans", params={"source": "203.0.113.7"})).json() == ban
    refused = await http.delete("/api/v1/bans", params={"source": "198.51.100.1"})
    assert (refused.status_code, refused.json()["error_id"]) == (404, "not-banned")


async def test_a_site_is_loaded_or_only_compared(http: httpx.AsyncClient, view: FakeView) -> None:
    answer = await http.post("/api/v1/site", content=b"compiled")
    assert answer.json() == {"loaded": True, "difference": ["+ user anna"]}
    answer = await http.post("/api/v1/site?dry_run=true", content=b"compiled")
    assert answer.json()["loaded"] is False
    assert view.loaded == [(b"compiled", False), (b"compiled", True)]


async def test_a_site_that_cannot_be_used_is_told_with_its_cure(http: httpx.AsyncClient, view: FakeView) -> None:
    answer = await http.post("/api/v1/site", content=b"broken")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["problems"][0]["cure"] == "load the site again"
    assert not view.loaded


async def test_a_refused_command_is_a_problem_with_its_name(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/v1/site", content=b"busy")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "Another load is going on.",
        "error_id": "load-running",
        "field": "site",
    }


async def test_a_site_larger_than_any_is_refused(
    http: httpx.AsyncClient, view: FakeView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "LARGEST_SITE_OCTETS", 10)
    answer = await http.post("/api/v1/site", content=b"x" * 11)
    assert (answer.status_code, answer.json()["error_id"]) == (413, "site-too-large")
    assert not view.loaded


async def test_a_wrong_argument_is_named(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/v1/site?dry_run=perhaps", content=b"compiled")
    assert (answer.status_code, answer.json()["field"]) == (422, "query.dry_run")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/api/v1/nothing", 404), ("PUT", "/api/v1/calls", 405)])
async def test_what_is_not_there_is_a_problem_too(http: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    answer = await http.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_switch_is_healthy_when_it_can_take_calls(http: httpx.AsyncClient, view: FakeView) -> None:
    assert (await http.get("/healthz")).status_code == 200
    view.is_ready = False
    assert (await http.get("/healthz")).status_code == 503


async def test_the_openapi_document_names_every_resource(http: httpx.AsyncClient) -> None:
    document = (await http.get("/api/v1/openapi.json")).json()
    assert set(document["paths"]) == {
        "/api/v1/voicemail",
        "/api/v1/voicemail/{box}/{message}",
        "/api/v1/status",
        "/api/v1/registrations",
        "/api/v1/trunks",
        "/api/v1/calls",
        "/api/v1/site",
        "/api/v1/bans",
        "/api/v1/trace/{conversation_id}",
        "/api/v1/subscriptions",
        "/api/v1/phones/{extension}/resync",
        "/api/v1/statuses",
        "/api/v1/agents",
        "/api/v1/agents/{user}",
        "/api/v1/conferences",
        *(f"/api/v1/legs/{{leg}}/{command}" for command in ["conference", "mute", "supervise"]),
        "/api/v1/users/{user}/calls",
        "/api/v1/users/{user}/pickup",
        "/api/v1/users/{user}/targets",
        "/api/v1/users/{user}/retrieve",
        "/api/v1/parked",
        "/api/v1/legs/{leg}/park",
        "/api/v1/legs/{leg}/keys",
        *(f"/api/v1/legs/{{leg}}/{word}" for word in ["information", "tags", "note"]),
        "/api/v1/legs/{leg}/playback",
        *(
            f"/api/v1/legs/{{leg}}/{command}"
            for command in ["answer", "hold", "connect", "hangup", "transfer", "consult", "confirm", "cancel", "toggle"]
        ),
        "/api/v1/legs/{leg}/record/start",
        "/api/v1/legs/{leg}/record/stop",
        "/api/v1/recordings",
        "/api/v1/recordings/{recording}",
        "/api/v1/recordings/{recording}/access",
        "/api/v1/recordings/{recording}/audio",
        "/api/v1/recordings/{recording}/file",
        "/api/v1/users/{user}/status",
        "/api/v1/users/{user}/do-not-disturb",
        "/api/v1/users/{user}/forwards",
        "/api/v1/users/{user}/queues",
        "/api/v1/users/{user}/wrap-up",
        "/api/v1/users/{user}/block",
        "/api/v1/queues",
        "/api/v1/queues/{name}",
        "/api/v1/agent-figures",
        "/api/v1/queue-notices",
        "/healthz",
        "/metrics",
    }
    assert "StatusView" in document["components"]["schemas"]


@pytest.mark.row("M-2")
async def test_the_list_of_statuses_is_data(http: httpx.AsyncClient) -> None:
    [row] = (await http.get("/api/v1/statuses")).json()
    assert (row["preset"], row["name"], row["label_ru"], row["set_by"]) == ("mango", "break", "Перерыв", "user")
    assert row["rights"] == {"direct": "true", "queue": "false"}


async def test_a_status_is_set_and_shown(http: httpx.AsyncClient) -> None:
    answer = await http.put("/api/v1/users/anna/status", json={"status": "break"})
    assert (answer.status_code, answer.json()["status"]) == (200, "break")
    assert (await http.get("/api/v1/agents/anna")).json()["label_ru"] == "Перерыв"
    [anna] = (await http.get("/api/v1/agents")).json()
    assert (anna["status"], anna["in_status_s"], anna["reachable"]) == ("break", 3725, True)


async def test_forwards_and_do_not_disturb_are_set_and_lifted(http: httpx.AsyncClient) -> None:
    wanted = {"kind": "busy", "target": "102"}
    answer = await http.put("/api/v1/users/anna/forwards", json=wanted)
    assert answer.json()["forwards"] == {"busy": {"target": "102", "after_s": 20.0}}
    answer = await http.put("/api/v1/users/anna/forwards", json={"kind": "busy", "target": ""})
    assert answer.json()["forwards"] == {}
    answer = await http.put("/api/v1/users/anna/do-not-disturb", json={"wanted": True})
    assert answer.json()["do_not_disturb"] is True


async def test_queues_are_entered_and_left(http: httpx.AsyncClient) -> None:
    answer = await http.put("/api/v1/users/anna/queues", json={"logged_in": True, "queue": "sales"})
    assert answer.json()["queues"] == ["sales"]
    answer = await http.put("/api/v1/users/anna/queues", json={"logged_in": False})
    assert answer.json()["queues"] == []


@pytest.mark.parametrize(
    ("user", "body", "status", "field"),
    [
        ("anna", {"status": "lunch"}, 422, "status"),
        ("nobody", {"status": "break"}, 404, "user"),
        ("anna", {}, 422, "body.status"),
        ("anna", {"status": "break", "statsu": 1}, 422, "body.statsu"),
    ],
)
async def test_a_bad_command_about_a_status_names_the_field(
    http: httpx.AsyncClient, user: str, body: dict[str, object], status: int, field: str
) -> None:
    answer = await http.put(f"/api/v1/users/{user}/status", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field
    assert (await http.get("/api/v1/agents/anna")).json()["status"] == "on_line"


async def test_prometheus_reads_the_metrics(http: httpx.AsyncClient) -> None:
    answer = await http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    values = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    assert values["softswitch_calls"] == "1.0"
    assert values["softswitch_registrations"] == "1.0"
    assert values["softswitch_ready"] == "1.0"
    assert values["softswitch_alarms"] == "1.0"
    assert values["softswitch_journal_lag_facts"] == "12.0"
    assert values["softswitch_journal_late_seconds"] == "2.5"
    assert values['softswitch_restarts_total{role="brain"}'] == "2.0"
    assert values['softswitch_socket_drops_total{local="udp:127.0.0.1:5060"}'] == "7.0"
    assert values['softswitch_tick_late_seconds{worker="0"}'] == "0.0015"
    assert values['softswitch_missed_ticks_total{worker="0"}'] == "3.0"
    assert values['softswitch_tick_lateness_seconds_bucket{le="0.005",worker="0"}'] == "990.0"
    assert values['softswitch_tick_lateness_seconds_bucket{le="+Inf",worker="0"}'] == "1000.0"


@pytest.mark.row("C-16")
async def test_queues_are_shown_with_their_lines_and_agents_with_their_day(http: httpx.AsyncClient) -> None:
    (queue,) = (await http.get("/api/v1/queues")).json()
    assert (queue["waiting"], queue["longest_wait_s"], queue["service_level"]) == (1, 65, 66.7)
    assert (await http.get("/api/v1/queues/support")).json() == queue
    assert (await http.get("/api/v1/queues/none")).json()["error_id"] == "unknown-queue"
    (notice,) = (await http.get("/api/v1/queue-notices")).json()
    assert (notice["kind"], notice["queue"], notice["pending"]) == ("lost", "support", ["webhook"])
    (figures,) = (await http.get("/api/v1/agent-figures")).json()
    assert (figures["user"], figures["occupancy"]) == ("anna", 25.0)
    answer = await http.put("/api/v1/users/anna/queues", json={"logged_in": True, "queue": ""})
    assert answer.json()["queues"] == ["support"], "a program on the agent's desk logs in"


async def test_a_wrap_up_is_ended_and_a_block_that_there_is_not_is_told(http: httpx.AsyncClient) -> None:
    assert (await http.delete("/api/v1/users/anna/wrap-up")).json()["user"] == "anna"
    refused = await http.delete("/api/v1/users/anna/block")
    assert (refused.status_code, refused.json()["error_id"]) == (409, "not-blocked")


async def test_messages_are_listed_fetched_and_deleted(http: httpx.AsyncClient, view: FakeView, tmp_path: Path) -> None:
    (left,) = (await http.get("/api/v1/voicemail", params={"box": "anna"})).json()
    assert (left["box"], left["message"], left["seconds"], left["heard"]) == ("anna", "m-1", 7.5, False)
    view.message_file = str(tmp_path / "message.wav")
    assert (await http.get("/api/v1/voicemail/anna/m-1")).status_code == 410
    (tmp_path / "message.wav").write_bytes(b"RIFF")
    answer = await http.get("/api/v1/voicemail/anna/m-1")
    assert (answer.headers["content-type"], answer.content) == ("audio/wav", b"RIFF")
    assert (await http.get("/api/v1/voicemail/anna/m-2")).status_code == 404
    assert (await http.delete("/api/v1/voicemail/anna/m-1")).status_code == 204
    assert view.deleted == ["m-1"]
