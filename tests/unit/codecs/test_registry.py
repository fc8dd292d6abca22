from __future__ import annotations

import pytest

from softswitch_codecs import codec_class, encodings
from softswitch_codecs.g711 import Pcma, Pcmu
from softswitch_codecs.registry import codec


def test_a_codec_is_found_by_its_name_in_any_case() -> None:
    assert codec_class("PCMU") is Pcmu
    assert codec_class("pcma") is Pcma
    assert {"PCMU", "PCMA"} <= set(encodings())


def test_a_name_nobody_entered_gives_none() -> None:
    assert codec_class("telephone-event") is None


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match="PCMU"):
        codec(Pcmu)
