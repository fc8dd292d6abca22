"""What the switch knows of one vendor's phones."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhoneModel:
    """What the phones of one vendor understand."""

    name: str
    user_agent: re.Pattern[str]
    """What their User-Agent looks like."""
    resync: str
    """The Event header of the NOTIFY that lets them read their configuration again."""
    reboot: str
    """That lets them start anew."""
    auto_answer: tuple[str, ...]
    """Header lines of an INVITE that they shall answer by themselves."""
    display_update: str
    """How their display learns who is connected now: by P-Asserted-Identity in an UPDATE (``update_pai``), by From or
    To of a ``message/sipfrag`` in an INFO (``info_from``, ``info_to``), or not at all (``none``)."""
    pai: str
    """How P-Asserted-Identity must be written for it: ``full``, or ``no_host``, with the number alone."""
