"""Presence (RFC 3856): told of registrations, calls and do-not-disturb; published by phones (RFC 3903)."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.queues.agents import inputs
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_events import published
from softswitch.simulation.world import World

PIDF = (
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:101@example.net"><tuple id="t">'
    "<status><basic>{basic}</basic></status><note>{note}</note></tuple></presence>"
)


@behaviour()
async def test_a_buddy_is_seen_to_come_to_talk_to_be_undisturbed_and_to_go(world: World) -> None:
    vera = await world.registered("vera")
    buddy = await vera.watch("101", "presence")
    await vera.until(lambda: b"<basic>closed</basic>" in buddy.bodies[-1], "somebody who is not there")
    anna = await world.registered("anna")
    await vera.until(lambda: b"<basic>open</basic>" in buddy.bodies[-1], "somebody who is there")
    await anna.dial("*99")
    await vera.until(lambda: b"on-the-phone" in buddy.bodies[-1], "somebody who talks")
    await anna.call.hang_up()
    await vera.until(lambda: b"on-the-phone" not in buddy.bodies[-1], "somebody who does not")
    world.command(inputs.RefuseCalls("anna", wanted=True, by="api"))
    await vera.until(lambda: b"Do not disturb" in buddy.bodies[-1], "somebody who is undisturbed")
    await anna.unregister()
    await vera.until(lambda: b"Offline" in buddy.bodies[-1], "somebody who is gone")


@behaviour()
async def test_what_a_phone_publishes_is_seen_until_it_is_removed_or_expires(world: World) -> None:
    anna, vera = await world.registered("anna"), await world.registered("vera")
    buddy = await vera.watch("101", "presence")
    own = published(anna, "presence", "application/pidf+xml")
    assert await own.publish(PIDF.format(basic="open", note="At lunch").encode()) == 200
    await vera.until(lambda: b"At lunch" in buddy.bodies[-1], "the note")
    assert await own.publish(PIDF.format(basic="closed", note="Back at two").encode()) == 200
    await vera.until(lambda: b"Back at two" in buddy.bodies[-1], "the other note")
    assert await own.publish(b"") == 200
    assert await own.publish(b"", expires_s=0) == 200
    await vera.until(lambda: b"Back at two" not in buddy.bodies[-1], "no note")
    own.etag = ""
    assert await own.publish(PIDF.format(basic="open", note="For a minute").encode(), expires_s=60) == 200
    await vera.until(lambda: b"For a minute" in buddy.bodies[-1], "the note")
    await vera.until(lambda: b"For a minute" not in buddy.bodies[-1], "the end", limit_s=90)


@pytest.mark.parametrize(
    ("body", "etag", "content_type", "expires_s", "status"),
    [
        (b"", "", "application/pidf+xml", 3600, 400),
        (b"<presence", "", "application/pidf+xml", 3600, 400),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><presence/>", "", "application/pidf+xml", 3600, 400),
        (b"<presence/>", "nobodys", "application/pidf+xml", 3600, 412),
        (b"<presence/>", "", "text/plain", 3600, 415),
        (b"<presence/>", "", "application/pidf+xml", 5, 423),
        (b"<presence>" + b" " * 20000 + b"</presence>", "", "application/pidf+xml", 3600, 413),
    ],
)
@behaviour()
async def test_what_cannot_be_published_is_refused(
    world: World, body: bytes, etag: str, content_type: str, expires_s: int, status: int
) -> None:
    anna = await world.registered("anna")
    own = published(anna, "presence", content_type)
    own.etag = etag
    assert await own.publish(body, expires_s=expires_s) == status
    await asyncio.sleep(1)
    assert len(world.switch.brain.services.publications._state) == 0


@behaviour()
async def test_an_unknown_package_is_489_and_nobody_speaks_for_others(world: World) -> None:
    anna = await world.registered("anna")
    assert await published(anna, "nonsense", "a/b").publish(b"x") == 489
    assert await published(anna, "presence", "application/pidf+xml", number="102").publish(b"<presence/>") == 403
