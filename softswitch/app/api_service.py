"""The HTTP API as the brain serves it: a module of its own, because it takes long to load, and calls do not wait."""

from __future__ import annotations

import socket

from softswitch.api.guard import Guard
from softswitch.api.server import ApiServer, build_app
from softswitch.api.token import ensure_token
from softswitch.api.token_file import TokenFile
from softswitch.api.view import SwitchView
from softswitch.app.processes import Inherited
from softswitch.runtime.settings import Settings


class ApiService:
    """The two servers: one for whoever has the token, one for this account's own programs.

    Args:
        view: what the API shows.
        settings: where it listens and where the token lies.
        given: the listening sockets.
    """

    def __init__(self, view: SwitchView, settings: Settings, given: Inherited) -> None:
        app = build_app(view)
        directory = settings.storage.directory
        guarded = Guard(
            app,
            ensure_token(directory),
            [settings.api.listen.host],
            TokenFile(directory).bearer_of,
            view.may_command,
        )
        self.servers = [
            ApiServer(guarded, [socket.socket(fileno=each) for each in given.api]),
            ApiServer(app, [socket.socket(fileno=given.api_unix)]),
        ]
