"""The only place where asyncio tasks are made.

The loop keeps weak references to its tasks, and a task that fails in silence is found weeks later. So every task has an
owner that holds it, a name, and a place to which its failure is told; closing the owner cancels its tasks and waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from softswitch.core.errors import LocalProtocolError
from softswitch.runtime.log import get_logger

_LOG = get_logger("tasks")


class TaskSupervisor:
    """Holds the tasks of one owner.

    Args:
        owner: who they belong to, for logs and task names.
        on_failure: told the first failure of each task that ends by an exception other than being cancelled.
    """

    def __init__(self, owner: str, on_failure: Callable[[BaseException], None] | None = None) -> None:
        self._owner = owner
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False
        self.first_failure: BaseException | None = None

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, name: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run ``work`` as a task of this owner.

        Args:
            name: what it does; the task is called ``owner.name``.
            work: the coroutine; it is closed when the owner is.

        Raises:
            LocalProtocolError: the owner was closed.
        """
        if self._closed:
            work.close()
            raise LocalProtocolError(f"{self._owner} is closed and starts no task {name}")
        task = asyncio.get_running_loop().create_task(work, name=f"{self._owner}.{name}")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def close(self) -> None:
        """Cancel every task and wait until all of them have ended; a second call does nothing."""
        self._closed = True
        # A task that closes its own owner must not wait for itself.
        others = self._tasks - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        failure = task.exception()
        if failure is None:
            return
        _LOG.error("task.failed", task=task.get_name(), exc_info=failure)
        if self.first_failure is None:
            self.first_failure = failure
        if self._on_failure is not None:
            self._on_failure(failure)
