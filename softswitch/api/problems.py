"""Refusals as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from softswitch.core.errors import CommandError, ConfigurationError

MEDIA_TYPE = "application/problem+json"


def problem(status: int, error_id: str, detail: str, **more: object) -> JSONResponse:
    """Make the answer to a refused request.

    Args:
        status: the HTTP status.
        error_id: a stable name for programs.
        detail: what went wrong, for people.
        more: further members (RFC 9457 §3.2).
    """
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "error_id": error_id,
    }
    return JSONResponse(body | more, status, media_type=MEDIA_TYPE)


def add_problem_handlers(app: FastAPI) -> None:
    """Let every error that a handler raises become a problem; the handlers are coroutines, which need no thread."""
    app.add_exception_handler(CommandError, _refused)
    app.add_exception_handler(ConfigurationError, _unusable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CommandError)  # noqa: S101  # registered for this class
    more = {"field": error.field} if error.field else {}
    return problem(error.status, error.error_id, str(error), **more)


async def _unusable(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ConfigurationError)  # noqa: S101  # as above
    problems = [{"where": found.where, "what": found.what, "cure": found.cure} for found in error.problems]
    return problem(422, "unusable-configuration", str(error), problems=problems)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # as above
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    return problem(422, "invalid-request", f"{field}: {first['msg']}", field=field)


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  # as above
    answer = problem(error.status_code, "http-error", error.detail)
    answer.headers.update(error.headers or {})
    return answer
