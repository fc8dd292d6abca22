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
