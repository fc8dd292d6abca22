from __future__ import annotations

import os
from pathlib import Path

import pytest

from softswitch.app.sealed_files import opened_pieces, plain_file, seal
from softswitch.core.errors import CommandError

KEY = bytes(range(32))


@pytest.mark.parametrize("octets", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_a_file_of_any_length_opens_to_what_it_was(tmp_path: Path, octets: int) -> None:
    data = os.urandom(octets)
    (tmp_path / "plain").write_bytes(data)
    seal(tmp_path / "plain", tmp_path / "a.wav.sealed", KEY)
    assert b"".join(opened_pieces(tmp_path / "a.wav.sealed", KEY)) == data
    assert (tmp_path / "a.wav.sealed").stat().st_mode & 0o777 == 0o600
    with plain_file(tmp_path / "a.wav.sealed", KEY) as plain:
        assert (plain.name, plain.read_bytes()) == ("a.wav", data)
    assert not plain.exists()


def test_a_file_that_is_not_sealed_is_given_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"sound")
    with plain_file(tmp_path / "a.wav", KEY) as plain:
        assert plain == tmp_path / "a.wav"


@pytest.mark.parametrize("damage", ["flipped", "cut", "swapped", "another key", "no seal"])
def test_what_was_touched_is_not_opened(tmp_path: Path, damage: str) -> None:
    (tmp_path / "plain").write_bytes(os.urandom(3 << 20))
    path = tmp_path / "a.wav.sealed"
    seal(tmp_path / "plain", path, KEY)
    data, key = bytearray(path.read_bytes()), KEY
    piece = 4 + (1 << 20) + 16
    if damage == "flipped":
        data[100] ^= 1
    elif damage == "cut":
        del data[16 + piece :]
    elif damage == "swapped":
        data[16 : 16 + 2 * piece] = data[16 + piece : 16 + 2 * piece] + data[16 : 16 + piece]
    elif damage == "no seal":
        data[:8] = b"RIFF....".ljust(8)
    else:
        key = bytes(32)
    path.write_bytes(data)
    with pytest.raises(CommandError, match="cannot be opened"):
        list(opened_pieces(path, key))
