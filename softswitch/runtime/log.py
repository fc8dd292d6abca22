"""Logs: one event a line, ``key=value`` on a terminal and JSON elsewhere, on standard error, without secrets.

An event is ``noun.past_verb`` with keys. What is done for a conversation is done inside :class:`about`, so that a line
written deep below carries ``conversation_id`` and ``leg``; a line that names a leg gets the conversation by itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Final, TextIO, cast

from softswitch.core.ids import conversation_of


@contextmanager
def _without(package: str) -> Iterator[None]:
    """Let imports inside find ``package`` missing, unless somebody has it already."""
    hidden = package not in sys.modules
    if hidden:
        sys.modules[package] = None  # type: ignore[assignment]  # how importlib is told that there is none
    try:
        yield
    finally:
        if hidden:
            del sys.modules[package]


# structlog takes rich for the console renderer, which is not used here; it would be a tenth of a brain's start.
with _without("rich"):
    import structlog
    from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}

_SECRET_KEYS: Final = (
    "password",
    "passwd",
    "secret",
    "token",
    "authorization",
    "ha1",
    "nonce_key",
    "response",
    "crypto",
)
# Texts that carry a secret inside: a header of a traced message, an SDP line with an SRTP key, a URL with credentials.
_SECRET_TEXT: Final = re.compile(
    r"((?:proxy-)?authorization\s*:\s*|a=crypto:\s*\d+\s+\S+\s+inline:|\w+://[^/\s:@]+:)(?:[^\r\n@]*(?=@)|[^\r\n]*)",
    re.IGNORECASE,
)
_HIDDEN: Final = "[hidden]"
_CONCERNED: ContextVar[tuple[str, str]] = ContextVar("concerned", default=("", ""))
concern: Final = _CONCERNED.set
"""Says which conversation and leg all lines concern from now on; see :class:`about`."""
concern_no_more: Final = _CONCERNED.reset


def get_logger(name: str) -> FilteringBoundLogger:
    """Return the logger of a module; it binds to the set-up on first use, so this may stand at module level."""
    logger: FilteringBoundLogger = structlog.get_logger(area=name)
    return logger


def configure_logging(role: str, *, level: str = "info", form: str = "auto", stream: TextIO | None = None) -> None:
    """Set up logging for this process.

    Args:
        role: the process's role, written on every line.
        level: a key of :data:`LEVELS`; less is not written.
        form: ``terminal``, ``json``, or ``auto``: the first where ``stream`` is a terminal.
        stream: where lines go; standard error by default.
    """
    out = sys.stderr if stream is None else stream
    terminal = form == "terminal" or (form == "auto" and out.isatty())
    structlog.reset_defaults()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            name_conversation,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _role_adder(role),
            structlog.processors.format_exc_info,
            hide_secrets,
            _terminal_renderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _Unfailing(out))),
        cache_logger_on_first_use=False,
    )


class about:  # noqa: N801  # read as a verb: ``with about(conversation_id, leg):``
    """A context whose log lines concern a conversation, and a leg where one is given.

    Structlog's own way keeps a variable for each key, which costs six times as much. Where even this is too dear, a
    token of :data:`concern` is given back to :data:`concern_no_more`.
    """

    __slots__ = ("_token", "_whom")

    def __init__(self, conversation_id: str, leg: str = "") -> None:
        self._whom = (conversation_id, leg)

    def __enter__(self) -> None:
        self._token = _CONCERNED.set(self._whom)

    def __exit__(self, *_: object) -> None:
        _CONCERNED.reset(self._token)


def name_conversation(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add whom a line concerns (a structlog processor)."""
    conversation_id, leg = _CONCERNED.get()
    if leg:
        event.setdefault("leg", leg)
    if named := event.get("leg"):
        event.setdefault("conversation_id", conversation_of(named))
    elif conversation_id:
        event.setdefault("conversation_id", conversation_id)
    return event


class _Unfailing:
    """A stream whose failures nobody hears of: a closed terminal or a broken pipe must not end a call."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace what is secret by its key's name, and secrets inside texts (a structlog processor)."""
    for key, value in event.items():
        if any(part in key.lower() for part in _SECRET_KEYS):
            event[key] = _HIDDEN
        elif isinstance(value, str):
            event[key] = _SECRET_TEXT.sub(rf"\g<1>{_HIDDEN}", value)
    return event


def _role_adder(role: str) -> structlog.typing.Processor:
    def add_role(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["role"] = role
        return event

    return add_role


def _terminal_renderer() -> structlog.typing.Processor:
    return structlog.processors.KeyValueRenderer(
        key_order=["at", "level", "role", "area", "event"], drop_missing=True, repr_native_str=False
    )
