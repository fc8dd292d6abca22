"""Lists of lamps (RFC 4662): one subscription tells of all members of a group, and of each that changes."""

from __future__ import annotations

from email import message_from_bytes
from xml.etree import ElementTree

from softswitch.directory.site import Group
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.world import Setting, World
from softswitch.sip.message import Request

GROUPS = Setting(groups=(Group("sales", "600", "simultaneous", 30, None, 1, (("anna", 1), ("boris", 1))),))
RLMI = "{urn:ietf:params:xml:ns:rlmi}"
KNOWS_LISTS = (("Supported", "eventlist"), ("Accept", "application/dialog-info+xml, multipart/related"))


def parts(notify: Request) -> tuple[ElementTree.Element, dict[str, str]]:
    """The list, and what the body of each resource says, by its URI."""
    head = f"Content-Type: {notify.get('Content-Type')}\r\n\r\n".encode()
    first, *others = list(message_from_bytes(head + notify.body).walk())[1:]
    root = ElementTree.fromstring(str(first.get_payload(decode=True), "utf-8"))  # type: ignore[arg-type]  # octets
    bodies = {part["Content-ID"].strip("<>"): str(part.get_payload(decode=True)) for part in others}
    return root, {
        resource.get("uri") or "": bodies[instance.get("cid") or ""]
        for resource in root.findall(f"{RLMI}resource")
        for instance in resource.findall(f"{RLMI}instance")
    }


@behaviour(GROUPS)
async def test_one_subscription_tells_of_all_members_and_then_of_the_one_that_changes(world: World) -> None:
    anna, vera = await world.registered("anna"), await world.registered("vera")
    await world.registered("boris")
    lamps = await vera.watch("600", headers=KNOWS_LISTS)
    await vera.until(lambda: bool(lamps.notified), "the list")
    root, bodies = parts(lamps.notified[0])
    assert lamps.notified[0].get("Require") == "eventlist"
    assert root.get("fullState") == "true"
    assert sorted(bodies) == ["sip:101@example.net", "sip:102@example.net"]
    assert all("terminated" in body for body in bodies.values())
    await anna.dial("*99")
    await vera.until(lambda: any(b"confirmed" in one.body for one in lamps.notified), "the lamp")
    root, bodies = parts(lamps.notified[-1])
    assert "confirmed" in bodies["sip:101@example.net"]
    assert "terminated" in bodies.get("sip:102@example.net", "terminated")  # a brain that begins tells of all
    await anna.call.hang_up()
    await vera.until(lambda: b"confirmed" not in lamps.notified[-1].body, "the dark lamp")


@behaviour(GROUPS)
async def test_a_phone_that_does_not_know_lists_is_told_so(world: World) -> None:
    vera = await world.registered("vera")
    assert (await vera.watch("600")).status == 421
    assert vera.last_response is not None
    assert vera.last_response.get("Require") == "eventlist"
