"""Further tokens with roles, in ``<storage>/api.tokens``: only what it takes to know them again is kept."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import Final, NamedTuple

from softswitch.api.roles import OPERATOR, ROLES, Bearer
from softswitch.core.errors import CommandError

FILE_NAME: Final = "api.tokens"
_NAME: Final = re.compile(r"[\w.-]{1,64}")


class _Line(NamedTuple):
    role: str
    name: str
    digest: str
    user: str = ""


class TokenFile:
    """The tokens of a storage directory. A line of the file is role, name, SHA-256 of the token, and whose own it is.

    Args:
        directory: the storage directory.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME
        self._read_at = 0
        self._bearers: dict[str, Bearer] = {}

    def bearer_of(self, token: str) -> Bearer:
        """Return who has a token. The file is read again when it has changed."""
        try:
            changed_at = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return Bearer("")
        if changed_at != self._read_at:
            self._read_at = changed_at
            self._bearers = {line.digest: Bearer(line.role, line.user) for line in self._lines()}
        return self._bearers.get(_digest(token), Bearer(""))

    def names(self) -> list[tuple[str, str, str]]:
        """Return name, role and user of each token."""
        return [(line.name, line.role, line.user) for line in self._lines()]

    def add(self, name: str, role: str, user: str = "") -> str:
        """Make a token and return it; it is not to be had again.

        Args:
            name: what it is called.
            role: one of :data:`softswitch.api.roles.ROLES`.
            user: name of the user whose own it is; empty: nobody's.

        Raises:
            CommandError: the name, the role or the user cannot be, or there is a token of that name.
        """
        if not _NAME.fullmatch(name):
            raise CommandError(f"{name!r}: use letters, digits, . _ -", status=422, error_id="bad-name", field="name")
        if role not in ROLES:
            raise CommandError(f"{role!r}: use {', '.join(ROLES)}", status=422, error_id="bad-role", field="role")
        if user and (role != OPERATOR or not _NAME.fullmatch(user)):
            text = f"{user!r}: only an {OPERATOR}'s token is a user's own, whose name stands in the site"
            raise CommandError(text, status=422, error_id="bad-user", field="user")
        lines = self._lines()
        if any(line.name == name for line in lines):
            raise CommandError(f"There is a token {name}", status=409, error_id="token-exists", field="name")
        token = secrets.token_urlsafe(32)
        self._write([*lines, _Line(role, name, _digest(token), user)])
        return token

    def remove(self, name: str) -> None:
        """Let a token open nothing any more.

        Raises:
            CommandError: there is none of that name.
        """
        lines = self._lines()
        left = [line for line in lines if line.name != name]
        if len(left) == len(lines):
            raise CommandError(f"There is no token {name}", status=404, error_id="unknown-token", field="name")
        self._write(left)

    def _lines(self) -> list[_Line]:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        parts = (line.split() for line in text.splitlines())
        return [_Line(*part) for part in parts if len(part) in {3, 4}]

    def _write(self, lines: list[_Line]) -> None:
        """Write a whole file beside it first, so that a crash leaves no half one."""
        fresh = self._path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(" ".join(filter(None, line)) + "\n" for line in lines)
        fresh.replace(self._path)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
