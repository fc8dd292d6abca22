"""Files that only this switch can read: AES-256-GCM, a piece at a time (NIST SP 800-38D).

A file is the word ``SSEALED1``, eight random octets, and pieces. A piece is its length (four octets) and what AES-GCM
makes of a megabyte at most, with its authentication; the nonce is a number of four octets, counted from 0, behind the
random ones. The last piece is bound to being the last, so a file that was cut, or whose pieces were put in another
order, is not opened.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from softswitch.core.errors import CommandError

SUFFIX: Final = ".sealed"
KEY_FILE: Final = "recordings.key"
_WORD: Final = b"SSEALED1"
_KEY_OCTETS: Final = 32
_PIECE_OCTETS: Final = 1 << 20
_LAST, _MORE = b"last", b"more"


def seal(source: Path, target: Path, key: bytes) -> None:
    """Write a sealed copy of a file, for its owner alone.

    Raises:
        OSError: it cannot be written.
    """
    cipher, salt = AESGCM(key[:_KEY_OCTETS]), os.urandom(8)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with source.open("rb") as read, open(descriptor, "wb") as written:
        written.write(_WORD + salt)
        piece = read.read(_PIECE_OCTETS)
        number = 0
        while True:
            following = read.read(_PIECE_OCTETS)
            sealed = cipher.encrypt(salt + number.to_bytes(4), piece, _MORE if following else _LAST)
            written.write(len(sealed).to_bytes(4) + sealed)
            if not following:
                return
            piece, number = following, number + 1


def opened_pieces(path: Path, key: bytes) -> Iterator[bytes]:
    """Return what was sealed, a piece at a time.

    Raises:
        CommandError: the key is another one, or the file is damaged.
    """
    cipher = AESGCM(key[:_KEY_OCTETS])
    with path.open("rb") as read:
        head = read.read(16)
        if head[:8] != _WORD:
            raise _damaged(path)
        number, last = 0, False
        while not last:
            length = int.from_bytes(read.read(4))
            sealed = read.read(length)
            last = not read.peek(1)
            try:
                yield cipher.decrypt(head[8:] + number.to_bytes(4), sealed, _LAST if last else _MORE)
            except InvalidTag:
                raise _damaged(path) from None
            number += 1


@contextmanager
def plain_file(path: Path, key: bytes) -> Iterator[Path]:
    """Give a file that can be read by any program, for the length of a block: the same one where it is not sealed.

    Raises:
        CommandError: the key is another one, or the file is damaged.
    """
    if path.suffix != SUFFIX:
        yield path
        return
    with TemporaryDirectory() as folder:  # for its owner alone
        plain = Path(folder) / path.name.removesuffix(SUFFIX)
        with plain.open("wb") as written:
            written.writelines(opened_pieces(path, key))
        yield plain


def _damaged(path: Path) -> CommandError:
    text = f"{path} cannot be opened: it is damaged, or was sealed with another {KEY_FILE}"
    return CommandError(text, status=500, error_id="not-opened", field="recording")
