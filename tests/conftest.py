"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes is no property of the code: machines differ and are busy.
settings.register_profile("timeless", deadline=None)
settings.load_profile("timeless")
