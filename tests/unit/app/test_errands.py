"""Errands: what is sent, what is taken out of an answer, and what comes of everything that goes wrong."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping

import httpx
import msgpack
import pytest

from softswitch.app.errand_process import ErrandWorker, serve
from softswitch.app.errand_work import over_from_answer, taken
from softswitch.scenario.errands import ErrandOver, conversation_of_ticket, ticket_of

DOCUMENT = {"customer": {"name": "Анна", "vip": True, "phones": ["1", "2"]}, "debt": 12.5, "none": None}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("customer.name", "Анна"),
        ("customer.vip", "true"),
        ("customer.phones.1", "2"),
        ("customer.phones", '["1", "2"]'),
        ("debt", "12.5"),
        ("none", None),
        ("customer.phones.7", None),
        ("customer.name.first", None),
        ("nowhere", None),
    ],
)
def test_a_value_is_taken_from_its_place(place: str, value: str | None) -> None:
    assert taken(DOCUMENT, place) == value


def test_an_answer_that_is_no_json_or_a_failure_is_told() -> None:
    assert over_from_answer(200, b"<html>", {"x": "y"}).word == "the answer is not JSON"
    assert over_from_answer(404, b"{}", {"x": "y"}) == ErrandOver(False, "status 404", {})
    assert over_from_answer(204, b"", {}) == ErrandOver(True, "done", {})


def request(url: str = "https://crm.example.net/who", **values: object) -> Mapping[str, object]:
    usual = {"method": "GET", "url": url, "headers": {"X-Office": "1"}, "token_env": "", "json": None}
    return {**usual, "into": {"name": "name"}, **values}


async def done(answer: Callable[[httpx.Request], httpx.Response], *orders: Mapping[str, object]) -> list[ErrandOver]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        worker = ErrandWorker(client)
        return [await worker.do(f"call/{i}", "http", order, 1.0) for i, order in enumerate(orders)]


async def test_a_request_carries_its_ticket_and_the_token_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TOKEN", "t0ken")
    seen: list[httpx.Request] = []

    def answer(asked: httpx.Request) -> httpx.Response:
        seen.append(asked)
        return httpx.Response(200, json={"name": "Anna"})

    order = request(method="POST", token_env="CRM_TOKEN", json={"number": "1"})
    assert await done(answer, order) == [ErrandOver(True, "done", {"name": "Anna"})]
    assert seen[0].headers["idempotency-key"] == "call/0"
    assert seen[0].headers["authorization"] == "Bearer t0ken"
    assert seen[0].headers["x-office"] == "1"
    assert seen[0].content == b'{"number":"1"}'


async def test_answers_count_for_a_while_and_failures_do_not() -> None:
    asked: list[str] = []

    def answer(request_: httpx.Request) -> httpx.Response:
        asked.append(str(request_.url))
        return httpx.Response(500 if len(asked) == 1 else 200, json={"name": "Anna"})

    overs = await done(answer, *[request(cache_s=60.0)] * 4)
    assert [over.ok for over in overs] == [False, True, True, True]
    assert len(asked) == 2


async def test_what_goes_wrong_is_told_and_raises_nothing() -> None:
    def broken(request_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    assert await done(broken, request()) == [ErrandOver(False, "ConnectError: refused", {})]
    large = await done(lambda asked: httpx.Response(200, content=b"x" * 300_000), request())
    assert large == [ErrandOver(False, "the answer is too large", {})]

    async def never(request_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with httpx.AsyncClient(transport=httpx.MockTransport(never)) as client:
        assert await ErrandWorker(client).do("call/1", "http", request(), 0.01) == ErrandOver(False, "time-out", {})
        assert not (await ErrandWorker(client).do("call/1", "dance", {}, 1.0)).ok


async def test_many_errands_go_over_one_socket_each_answered_under_its_ticket() -> None:
    def answer(asked: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"name": asked.url.params["n"]})

    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    loop = asyncio.get_running_loop()
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client, asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(theirs, ErrandWorker(client)))
        for i in range(20):
            packed = msgpack.packb((ticket_of("c", i), "http", request(f"https://crm/?n={i}"), 5.0))
            await loop.sock_sendall(ours, packed)
        unpacker, found = msgpack.Unpacker(use_list=False), dict[tuple[str, int], str]()
        while len(found) < 20:
            unpacker.feed(await loop.sock_recv(ours, 65536))
            found |= {conversation_of_ticket(ticket): values["name"] for ticket, _, _, values in unpacker}
        ours.close()
    assert found == {("c", i): str(i) for i in range(20)}
