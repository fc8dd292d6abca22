"""Further tokens with roles, in ``<storage>/api.tokens``: only what it takes to know them again is kept."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import Final

from softswitch.api.roles import ROLES
from softswitch.core.errors import CommandError

FILE_NAME: Final = "api.tokens"
_NAME: Final = re.compile(r"[\w.-]{1,64}")


class TokenFile:
    """The tokens of a storage directory. A line of the file is role, name and SHA-256 of the token.

    Args:
        directory: the storage directory.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME
        self._read_at = 0
        self._roles: dict[str, str] = {}

    def role_of(self, token: str) -> str:
        """Return the role of a token; empty where nobody knows it. The file is read again when it has changed."""
        try:
            changed_at = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return ""
        if changed_at != self._read_at:
            self._read_at = changed_at
            self._roles = {digest: role for role, _, digest in self._lines()}
        return self._roles.get(_digest(token), "")

    def names(self) -> list[tuple[str, str]]:
        """Return name and role of each token."""
        return [(name, role) for role, name, _ in self._lines()]

    def add(self, name: str, role: str) -> str:
        """Make a token and return it; it is not to be had again.

        Raises:
            CommandError: the name or the role cannot be, or there is a token of that name.
        """
        if not _NAME.fullmatch(name):
            raise CommandError(f"{name!r}: use letters, digits, . _ -", status=422, error_id="bad-name", field="name")
        if role not in ROLES:
            raise CommandError(f"{role!r}: use {', '.join(ROLES)}", status=422, error_id="bad-role", field="role")
        lines = self._lines()
        if any(known == name for _, known, _ in lines):
            raise CommandError(f"There is a token {name}", status=409, error_id="token-exists", field="name")
        token = secrets.token_urlsafe(32)
        self._write([*lines, (role, name, _digest(token))])
        return token

    def remove(self, name: str) -> None:
        """Let a token open nothing any more.

        Raises:
            CommandError: there is none of that name.
        """
        lines = self._lines()
        left = [line for line in lines if line[1] != name]
        if len(left) == len(lines):
            raise CommandError(f"There is no token {name}", status=404, error_id="unknown-token", field="name")
        self._write(left)

    def _lines(self) -> list[tuple[str, str, str]]:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        parts = (line.split() for line in text.splitlines())
        return [(part[0], part[1], part[2]) for part in parts if len(part) == 3]

    def _write(self, lines: list[tuple[str, str, str]]) -> None:
        """Write a whole file beside it first, so that a crash leaves no half one."""
        fresh = self._path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(f"{role} {name} {digest}\n" for role, name, digest in lines)
        fresh.replace(self._path)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
