"""Phones as data: what a vendor's phones understand, chosen by their User-Agent; one YAML a vendor under ``phones``.

To support another vendor is one more file (docs/recipes/add-a-phone.md). The files are read when the first phone is to
be told something that differs, not at the start.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final

from softswitch.directory.phone_model import PhoneModel

VENDORS: Final = (
    "yealink",
    "grandstream",
    "snom_8",
    "snom",
    "polycom_3",
    "poly",
    "cisco_7940",
    "cisco",
    "fanvil",
    "softphone",
    "unknown",
)
"""In the order in which their patterns are tried; the last one fits everything."""


@lru_cache(maxsize=1024)
def model_of(user_agent: str) -> PhoneModel:
    """Return what is known of a phone that calls itself so."""
    return next(model for model in shipped_models() if model.user_agent.search(user_agent))


@cache
def shipped_models() -> tuple[PhoneModel, ...]:
    """Return all models, in the order of :data:`VENDORS`."""
    from softswitch.directory.phone_files import read_model  # YAML need not be there before a phone is answered

    return tuple(read_model(name) for name in VENDORS)
