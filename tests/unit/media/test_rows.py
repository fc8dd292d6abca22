"""The rows of a worker: what a leg's packet costs must not hang on how many legs there could be."""

from __future__ import annotations

import tracemalloc

import numpy as np

from softswitch.media.worker.rows import PACKET_OCTETS, Rows


def test_headers_are_read_back_from_the_rows_that_they_were_written_into() -> None:
    rows, words = Rows(16), np.array([[0x8000_0001, 160, 0xFFFF_FFFF], [0x8088_FFFF, 0xFFFF_FFFE, 7]], np.uint32)
    rows.octets[:] = 0x55
    rows.write_headers(np.array([15, 3]), words)
    assert (rows.read_headers(np.array([3, 15])) == words[::-1]).all()
    assert rows.octets[3, :12].tobytes() == bytes.fromhex("8088FFFF FFFFFFFE 00000007")
    assert (rows.octets[[2, 4]] == 0x55).all()
    assert (rows.octets[3, 12:PACKET_OCTETS] == 0x55).all()


def test_reading_and_writing_a_header_takes_no_memory_for_the_rows_that_are_not_concerned() -> None:
    rows, one = Rows(4096), np.array([4000])
    tracemalloc.start()
    try:
        rows.write_headers(one, rows.read_headers(one))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4096  # a copy of all headers would be twelve times that
