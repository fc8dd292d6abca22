from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.errors import MediaError
from softswitch.media.tap_ring import Sound, TapReader, TapWriter, make_memory


def ring(octets: int) -> tuple[TapWriter, TapReader]:
    memory = make_memory(octets)
    try:
        return TapWriter(memory), TapReader(memory)
    finally:
        os.close(memory)


def put(writer: TapWriter, count: int, width: int, first: int) -> bool:
    numbers = np.arange(first, first + count)
    columns = (numbers, numbers + 1, numbers + 2, numbers + 3, np.full(count, width), numbers % 7)
    payloads = np.full((count, width), first & 0xFF, np.uint8)
    return writer.put_sound(columns, 1_000_000 * first, width, (payloads[: count // 2], payloads[count // 2 :]))


def check(sound: Sound, count: int, width: int, first: int) -> None:
    assert sound.payloads.shape == (count, width)
    assert (sound.payloads == first & 0xFF).all()
    assert sound.taps.tolist() == list(range(first, first + count))
    assert sound.streams.tolist() == list(range(first + 3, first + count + 3))
    assert sound.lengths.tolist() == [width] * count
    assert sound.ages_us.tolist() == [number % 7 for number in range(first, first + count)]
    assert sound.now_us == 1_000_000 * first


@given(st.lists(st.one_of(st.tuples(st.integers(1, 20), st.integers(1, 200)), st.integers(0, 300), st.none())))
def test_what_is_written_is_read_in_order_around_the_end_and_what_finds_no_room_is_counted(
    steps: list[tuple[int, int] | int | None],
) -> None:
    writer, reader = ring(8192)
    written: list[object] = []
    lost = 0
    for number, step in enumerate(steps):
        if step is None:
            got = list(reader.read(reader.written))
            assert len(got) == len(written)
            for entry, expected in zip(got, written, strict=True):
                if isinstance(entry, Sound):
                    assert isinstance(expected, tuple)
                    check(entry, *expected)
                else:
                    assert entry == expected
            reader.free(reader.written)
            written.clear()
            assert reader.is_empty
        elif isinstance(step, int):
            message = ("said", "x" * step)
            if writer.put_message(message):
                written.append(message)
        elif put(writer, *step, number):
            written.append((*step, number))
        else:
            lost += step[0]
    assert reader.lost == lost


def test_a_ring_of_another_version_is_refused() -> None:
    memory = make_memory(4096)
    os.pwrite(memory, b"another ", 0)
    with pytest.raises(MediaError, match="another version"):
        TapReader(memory)
    os.close(memory)
