from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.media.rig import PlaneRig


@pytest.fixture(params=["uring", "epoll"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each I/O backend in turn."""
    return str(request.param)


@pytest.fixture
def rig(backend: str) -> Iterator[PlaneRig]:
    """A plane over each I/O backend in turn."""
    with PlaneRig(backend) as made:
        yield made
