"""The folder of the codecs bears a name that belongs to the standard library."""

from __future__ import annotations

import codecs
from pathlib import Path

import softswitch_codecs

ROOT = Path(__file__).parents[3]


def test_codecs_is_the_standard_module_and_softswitch_codecs_is_ours() -> None:
    assert codecs.lookup("utf-8").name == "utf-8"
    assert not Path(codecs.__file__).is_relative_to(ROOT / "codecs")
    assert Path(softswitch_codecs.__file__).parent.name == "softswitch_codecs"


def test_the_folder_is_no_package_and_holds_no_loose_module() -> None:
    assert [path.name for path in (ROOT / "codecs").glob("*.py")] == []
