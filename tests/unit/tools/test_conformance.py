"""The page of conformance names tests that are there."""

from __future__ import annotations

import re

from tools.behaviours import ROOT


def test_every_test_that_the_page_names_exists() -> None:
    page = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[^`:]+)::([^`]+)`", page)
    assert len(named) > 80
    gone = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).exists() or not re.search(rf"def {name}\(", (ROOT / file).read_text(encoding="utf-8"))
    ]
    assert gone == []


NEEDED = """
    2543 3261 3262 3263 3264 3311 3323 3325 3326 3327 3389 3420 3515 3550 3551 3581 3605 3665 3711 3725
    3840 3842 3891 3892 3960 3966 4028 4235 4320 4321 4475 4488 4568 4575 4579 4662 4733 4916 4961 5118
    5359 5373 5393 5589 5626 5630 5806 5922 5923 6026 6141 6263 6337 6665 7044 7088 7614 7667 8760 8866
"""
"""The RFCs without which a desk of mixed phones does not work, or its users notice."""


def test_every_rfc_that_phones_and_carriers_need_has_a_row() -> None:
    page = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
    assert [number for number in NEEDED.split() if number not in page] == []
