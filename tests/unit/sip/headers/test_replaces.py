from __future__ import annotations

import pytest

from softswitch.core.errors import SipError
from softswitch.sip.headers.replaces import Replaces, parse_replaces, parse_target_dialog


def test_the_example_of_the_rfc_is_read() -> None:
    text = "98732@sip.example.com ;from-tag=r33th4x0r ;to-tag=ff87ff"
    assert parse_replaces(text) == Replaces("98732@sip.example.com", "ff87ff", "r33th4x0r")
    assert parse_replaces("12adf2f34456gs5;to-tag=12345;from-tag=54321;early-only").early_only


@pytest.mark.parametrize(
    "text", ["", "a@b", "a@b;to-tag=1", "a@b;to-tag=1;to-tag=2;from-tag=3", ";to-tag=1;from-tag=2"]
)
def test_one_that_names_no_dialog_is_refused(text: str) -> None:
    with pytest.raises(SipError):
        parse_replaces(text)


def test_target_dialog_names_its_tags_from_the_senders_end() -> None:
    assert parse_target_dialog("a@b;local-tag=1;remote-tag=2") == ("a@b", "2", "1", False)
    for wrong in ("a@b", "a@b;local-tag=1", ";local-tag=1;remote-tag=2", "a;local-tag=1;local-tag=2;remote-tag=3"):
        with pytest.raises(SipError):
            parse_target_dialog(wrong)
