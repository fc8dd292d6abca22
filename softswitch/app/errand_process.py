"""The program that does errands for the brain: asks other programs by HTTP, looks hosts up.

It reads errands from the socket that is its standard input, msgpack one after the other, does many at a time, and
writes back what each came to. It ends when the brain is gone.

::

    brain -> [ticket, kind, values, limit_s]
    brain <- [ticket, ok, word, values]
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any, Final

import httpx
import msgpack

from softswitch import __version__
from softswitch.app.errand_work import over_from_answer
from softswitch.app.host_lookup import look_up
from softswitch.app.mail import send_mail
from softswitch.app.processes import name_process
from softswitch.core.errors import SpeechError
from softswitch.runtime.tasks import TaskSupervisor
from softswitch.scenario.errands import DELETE, HTTP, MAIL, RESOLVE, SPEAK, ErrandOver
from softswitch.speech.service import speech_of

LARGEST_ANSWER: Final = 256 * 1024
AT_ONCE: Final = 64
_READ_OCTETS: Final = 65536
_PRIORITY: Final = 5


class ErrandWorker:
    """Does errands.

    Args:
        client: sends requests.
    """

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._cached: dict[str, tuple[float, ErrandOver]] = {}

    async def do(self, ticket: str, kind: str, values: Mapping[str, Any], limit_s: float) -> ErrandOver:
        """Do one errand; what goes wrong is told, not raised."""
        try:
            async with asyncio.timeout(limit_s), self._at_once:
                if kind == HTTP:
                    return await self._http(ticket, values)
                if kind == MAIL:
                    return await send_mail(values)
                if kind == SPEAK:
                    return await asyncio.to_thread(_speak, values)
                if kind == DELETE:
                    return await asyncio.to_thread(_delete, Path(values["path"]))
                if kind == RESOLVE:
                    return await look_up(values["host"], values["port"], values["transport"])
        except TimeoutError:
            return ErrandOver(False, "time-out", {})
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return ErrandOver(False, f"{type(error).__name__}: {error}"[:200], {})
        return ErrandOver(False, f"no errand {kind}", {})

    async def _http(self, ticket: str, values: Mapping[str, Any]) -> ErrandOver:
        cache_s = values.get("cache_s", 0)
        known = self._cached.get(values["url"]) if cache_s else None
        if known is not None and known[0] > monotonic():
            return known[1]
        over = await self._ask(ticket, values)
        if cache_s and over.ok:
            self._remember(values["url"], cache_s, over)
        return over

    async def _ask(self, ticket: str, values: Mapping[str, Any]) -> ErrandOver:
        headers = {"Idempotency-Key": ticket, **values["headers"]}
        if values["token_env"]:
            headers["Authorization"] = f"Bearer {os.environ.get(values['token_env'], '')}"
        sent = values["json"] if values["method"] != "GET" else None
        async with self._client.stream(values["method"], values["url"], headers=headers, json=sent) as response:
            body = b""
            async for part in response.aiter_bytes():
                body += part
                if len(body) > LARGEST_ANSWER:
                    return ErrandOver(False, "the answer is too large", {})
        return over_from_answer(response.status_code, body, values["into"])

    def _remember(self, url: str, cache_s: float, over: ErrandOver) -> None:
        now = monotonic()
        if len(self._cached) >= 10_000:
            self._cached = {url: known for url, known in self._cached.items() if known[0] > now}
        self._cached[url] = now + cache_s, over


def _delete(path: Path) -> ErrandOver:
    path.unlink(missing_ok=True)
    return ErrandOver(True, "done", {})


def _speak(values: Mapping[str, Any]) -> ErrandOver:
    """Have a text spoken into a file; where there is no speech program the word says what to install."""
    voices = {code: Path(path) for code, path in values["piper_voices"].items()}
    try:
        files = speech_of(Path(values["directory"]), voices).sounds(values["text"], values["language"])
    except SpeechError as error:
        return ErrandOver(False, str(error)[:200], {})
    return ErrandOver(True, "done", {str(place): sound for place, sound in enumerate(files)})


async def serve(connection: socket.socket, worker: ErrandWorker) -> None:
    """Do what comes over a socket until it is closed."""
    reader, writer = await asyncio.open_connection(sock=connection)
    tasks = TaskSupervisor("errands")
    unpacker = msgpack.Unpacker(use_list=False)

    async def one(ticket: str, kind: str, values: Mapping[str, Any], limit_s: float) -> None:
        over = await worker.do(ticket, kind, values, limit_s)
        writer.write(msgpack.packb((ticket, over.ok, over.word, dict(over.values))))

    number = 0
    while data := await reader.read(_READ_OCTETS):
        unpacker.feed(data)
        for ticket, kind, values, limit_s in unpacker:
            number += 1
            tasks.start(f"errand-{number}", one(ticket, kind, values, limit_s))
    await tasks.close()
    writer.close()


async def _main() -> None:
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    headers = {"User-Agent": f"softswitch/{__version__}", "Accept": "application/json"}
    async with httpx.AsyncClient(limits=limits, headers=headers, timeout=None, follow_redirects=False) as client:  # noqa: S113  # each errand has its own limit
        await serve(socket.socket(fileno=os.dup(0)), ErrandWorker(client))


def main() -> None:
    """Serve until the brain is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the switch, which ends this program
    os.nice(_PRIORITY)
    name_process("switch-errands")
    asyncio.run(_main())


if __name__ == "__main__":
    main()
