"""The lamp for messages: subscribed to (RFC 3842), and told unasked to phones that registered anew."""

from __future__ import annotations

import asyncio

from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.world import Setting, World

WITH_MAILBOX = Setting(users={"anna": {"voicemail": True}})
NONE_WAITS = b"Messages-Waiting: no\r\nMessage-Account: sip:*97@example.net\r\nVoice-Message: 0/0 (0/0)\r\n"


@behaviour(WITH_MAILBOX)
async def test_a_user_subscribes_to_their_own_messages(world: World) -> None:
    anna = await world.registered("anna")
    lamp = await anna.watch("101", "message-summary")
    await anna.until(lambda: lamp.bodies == [NONE_WAITS], "the lamp")
    assert lamp.notified[0].content_type == "application/simple-message-summary"


@behaviour(WITH_MAILBOX)
async def test_a_phone_that_registers_anew_is_told_unasked_and_not_at_each_refresh(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    await anna.until(lambda: _told(anna.written_log()) == 1, "the lamp")
    assert await anna.register() == 200
    await asyncio.sleep(5)
    assert _told(anna.written_log()) == 1
    anna.reboot(port=5070)
    assert await anna.register() == 200
    await anna.until(lambda: _told(anna.written_log()) == 2, "the lamp")
    assert _told(boris.written_log()) == 0


def _told(log: str) -> int:
    return log.count("< NOTIFY")
