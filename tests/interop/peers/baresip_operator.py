"""An operator with a current baresip (baresip-python): takes a call, asks somebody else, transfers (REFER, Replaces).

A program of its own that tests start: one runtime of that library lives in a process. It prints ``registered``,
``answered``, ``asked``, ``transferred`` and ``gone``, one a line.
"""

from __future__ import annotations

import asyncio
import sys

from baresip import Account, Config, Runtime, UserAgent
from baresip.call import Call

CONSULTS_S = 0.5
"""How long the operator talks with each of the two."""
PATIENCE_S = 180.0
"""However slow or busy a machine is, what has not come by then does not come."""


def tell(word: str) -> None:
    """Print a word at once."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def main(extension: str, target: str, address: str) -> None:
    """Work once."""
    runtime = Runtime(command_timeout=PATIENCE_S)
    more = f"sip_listen {address}:15999\n"
    await runtime.start(Config(net_interface=address, extra_config_text=more))
    try:
        account = Account(user=extension, domain="127.0.0.1:5060", password=f"secret-{extension}", reg_interval=60)
        agent = await UserAgent.create(runtime, account)
        called: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        agent.on_incoming(called.set_result)
        await agent.register()
        tell("registered")
        first = await called
        await first.answer()
        await first.wait_established(PATIENCE_S)
        tell("answered")
        await asyncio.sleep(CONSULTS_S)
        await first.hold()
        second = await agent.dial(f"sip:{target}@127.0.0.1:5060")
        await second.wait_established(PATIENCE_S)
        tell("asked")
        await asyncio.sleep(CONSULTS_S)
        await first.attended_transfer(second, timeout=PATIENCE_S)
        tell("transferred")
        await agent.unregister()
    finally:
        await runtime.close()
    tell("gone")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
