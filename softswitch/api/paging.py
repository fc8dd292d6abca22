"""Long lists a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

from fastapi import Query, Request, Response

ItemT = TypeVar("ItemT")

PAGE: Final = 1000
"""Items of a page that is asked for without a limit, and of the longest one."""

Limit = Annotated[int, Query(ge=1, le=PAGE)]
Offset = Annotated[int, Query(ge=0)]


def page_of(
    items: Sequence[ItemT], request: Request, response: Response, *, limit: int, offset: int
) -> Sequence[ItemT]:
    """Return a page, and say in headers how many there are and where the next page is (RFC 8288).

    Args:
        items: all of them.
        request: whose address the next page's is made of.
        response: gets ``X-Total-Count`` and, where there are more, ``Link``.
        limit: how many at most.
        offset: how many are passed over.
    """
    response.headers["X-Total-Count"] = str(len(items))
    if offset + limit < len(items):
        following = request.url.include_query_params(limit=limit, offset=offset + limit)
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return items[offset : offset + limit]
