"""``softswitch codecs``."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from softswitch.cli.main import build


def softswitch(*words: str) -> str:
    result = CliRunner().invoke(build(["codecs", "status"]), words)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_codecs_are_one_json_document_for_programs() -> None:
    found = {(one["encoding"], one["clock_rate_hz"]): one for one in json.loads(softswitch("codecs", "--json"))}
    assert {("PCMU", 8000), ("PCMA", 8000), ("L16", 16000)} <= found.keys()
    g722 = found["G722", 8000]
    assert (g722["sample_rate_hz"], g722["bit_rate"], g722["available"]) == (16000, 64000, True)


def test_what_is_missing_is_listed_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softswitch_codecs.registry._MISSING", {("EVS", 16000): "nobody wrote it"})
    assert "no: nobody wrote it" in softswitch("codecs")
    lacking = json.loads(softswitch("codecs", "--json"))[-1]
    assert (lacking["encoding"], lacking["available"], lacking["reason"]) == ("EVS", False, "nobody wrote it")
