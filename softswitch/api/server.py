"""The application out of its resources, and how it is served inside a running event loop."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from softswitch import __version__
from softswitch.api import (
    agents,
    bans,
    calls,
    conferences,
    control,
    facts,
    health,
    metrics,
    phones,
    queues,
    recordings,
    registrations,
    site,
    status,
    trace,
    trunks,
    voicemail,
)
from softswitch.api.problems import add_problem_handlers
from softswitch.api.view import SwitchView
from softswitch.api.whole_text import WholeText

PREFIX: Final = "/api/v1"

_RESOURCES: Final[tuple[Callable[[SwitchView], APIRouter], ...]] = (
    status.router,
    registrations.router,
    trunks.router,
    calls.router,
    control.router,
    conferences.router,
    recordings.router,
    facts.router,
    agents.router,
    queues.router,
    site.router,
    bans.router,
    trace.router,
    phones.router,
    voicemail.router,
)


def build_app(view: SwitchView) -> FastAPI:
    """Make the application. It asks nobody who he is: see :class:`softswitch.api.guard.Guard`."""
    app = FastAPI(
        title="softswitch",
        version=__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # these pages load their scripts from elsewhere
        redoc_url=None,
    )
    app.add_middleware(WholeText)
    add_problem_handlers(app)
    for router in _RESOURCES:
        app.include_router(router(view), prefix=PREFIX)
    app.include_router(health.router(view))
    app.include_router(metrics.router(view))
    return app


class ApiServer(uvicorn.Server):
    """Serves an application on listening sockets, in a loop that belongs to somebody else.

    Args:
        app: the application, guarded where the sockets are TCP.
        sockets: listening, TCP or unix.
    """

    def __init__(self, app: ASGIApp, sockets: list[socket.socket]) -> None:
        self._listening = sockets
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,  # or a header could say that a request comes from loopback
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        super().__init__(config)

    async def run_until_stopped(self) -> None:
        """Serve until :meth:`stop`, then finish what is being answered and return."""
        await self.serve(self._listening)

    def stop(self) -> None:
        """Let :meth:`run_until_stopped` end soon."""
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process whose loop this is."""
        yield
