"""An HTTP server of a test, in the network of its switch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from typing import TypeVar

from tests.interop.peers.namespace import Namespace

ServerT = TypeVar("ServerT", bound=HTTPServer)


@contextmanager
def serving(space: Namespace, make: Callable[[], ServerT]) -> Iterator[ServerT]:
    """Have a server for a while.

    Args:
        space: where it is.
        make: opens it.
    """
    with space.entered():
        made = make()
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()
