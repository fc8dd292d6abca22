"""Which I/O backend this machine gets."""

from __future__ import annotations

from softswitch.core.errors import MediaError
from softswitch.media.worker.aio import AioBackend
from softswitch.media.worker.epoll import EpollBackend
from softswitch.media.worker.io_backend import IoBackend
from softswitch.media.worker.rows import Rows
from softswitch.runtime.log import get_logger

_log = get_logger(__name__)


def choose_backend(rows: Rows, *, wanted: str = "") -> IoBackend:
    """Return ``io_submit`` where it works, else epoll, and say in the log why.

    Args:
        rows: what the backend will work on.
        wanted: ``aio`` or ``epoll`` to have just that one; empty for the best.

    Raises:
        MediaError: the wanted one does not work here.
    """
    if wanted == EpollBackend.name:
        return EpollBackend(rows)
    try:
        return AioBackend(rows)
    except MediaError as error:
        if wanted:
            raise
        _log.warning("backend.fell_back", backend=EpollBackend.name, reason=str(error))
        return EpollBackend(rows)
