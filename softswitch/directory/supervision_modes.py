"""What a supervisor can do in the talk of somebody else."""

from __future__ import annotations

from typing import Final

SUPERVISION: Final = ("listen", "whisper", "barge")
"""Hear both; be heard by the supervised one too; be heard by both."""
