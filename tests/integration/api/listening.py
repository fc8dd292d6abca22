"""The API of a switch that only shows, on real sockets in a loop of its own thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from softswitch.api.client import SOCKET
from softswitch.api.guard import Guard
from softswitch.api.server import ApiServer, build_app
from tests.own_network import own
from tests.unit.api.fake_view import FakeView

HOST = own("90.1")


class Listeners:
    """One application on a unix socket and, guarded, on TCP, as in the brain's process."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.view = FakeView()
        (directory / "run").mkdir()
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(str(directory / SOCKET))
        unix.listen()
        tcp = socket.create_server((HOST, 0))
        self.tcp = f"http://{HOST}:{tcp.getsockname()[1]}"
        app = build_app(self.view)
        self.servers = [ApiServer(app, [unix]), ApiServer(Guard(app, "right", [HOST]), [tcp])]

    async def serve(self) -> None:
        await asyncio.gather(*(server.run_until_stopped() for server in self.servers))

    def stop(self) -> None:
        for server in self.servers:
            server.stop()


@contextmanager
def listening(directory: Path) -> Iterator[Listeners]:
    listeners = Listeners(directory)
    thread = threading.Thread(target=lambda: uvloop.run(listeners.serve()))
    thread.start()
    try:
        yield listeners
    finally:
        listeners.stop()
        thread.join()
