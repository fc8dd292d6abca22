"""Which I/O backend this machine gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from softswitch.core.errors import MediaError
from softswitch.media.worker.aio import AioBackend
from softswitch.media.worker.epoll import EpollBackend
from softswitch.media.worker.io_backend import IoBackend
from softswitch.media.worker.rows import Rows
from softswitch.media.worker.uring import UringBackend
from softswitch.runtime.log import get_logger

_log = get_logger(__name__)


_BACKENDS: Final[dict[str, Callable[[Rows], IoBackend]]] = {
    UringBackend.name: UringBackend,
    AioBackend.name: AioBackend,
    EpollBackend.name: EpollBackend,
}
"""The cheapest first."""


def choose_backend(rows: Rows, *, wanted: str = "") -> IoBackend:
    """Return the cheapest backend that works here, and say in the log what keeps cheaper ones from working.

    Args:
        rows: what the backend will work on.
        wanted: ``uring``, ``aio`` or ``epoll`` to have just that one; empty for the best.

    Raises:
        MediaError: the wanted one does not work here.
    """
    if wanted:
        return _BACKENDS[wanted](rows)
    *cheaper, last = _BACKENDS.items()
    for name, backend in cheaper:
        try:
            return backend(rows)
        except MediaError as error:
            _log.info("backend.missing", backend=name, reason=str(error))
    return last[1](rows)
