"""Calls that leave: which routes a user may take, and how number and caller look on each trunk.

Nothing leaves by itself: only a user who has proved to be one is asked about here, and only that user's own routes
count. Emergency numbers are for every user, whatever routes or limits say.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from softswitch.core.immutable import immutable
from softswitch.directory.site import Site, Trunk, User


@immutable
class Way:
    """One way out: a number on a trunk."""

    trunk: Trunk
    number: str
    """As the trunk wants it written."""


@immutable
class Outward:
    """The call leaves by the first of these ways that can be had."""

    user: User
    ways: tuple[Way, ...]
    emergency: bool = False


def outward(site: Site, user: User, dialled: str) -> Outward | None:
    """Return the ways that a user may take to a number outside; None where there is none.

    Args:
        site: routes and trunks.
        user: who has proved to call.
        dialled: without separators.
    """
    helped = site.emergency.get(dialled)
    names = helped or user.routes
    ways = []
    for name in names:
        route = site.routes.get(name)
        trunk = None if route is None else site.trunks.get(route.trunk)
        if route is None or trunk is None:
            continue
        if helped or _pattern(route.pattern).search(dialled):
            ways.append(Way(trunk, dialled if helped else written(dialled, trunk.number_format, trunk.country)))
    return Outward(user, tuple(ways), bool(helped)) if ways else None


def by_route(site: Site, caller: User, dialled: str, route: str = "") -> Outward | None:
    """Return the ways to a number that the site's own files name; None where there is none.

    Args:
        site: routes and trunks.
        caller: whom the trunk is told to call.
        dialled: without separators.
        route: by which it shall leave; empty for whichever fits.
    """
    ways = [
        Way(trunk, written(dialled, trunk.number_format, trunk.country))
        for each in site.routes.values()
        if (trunk := site.trunks.get(each.trunk)) is not None
        and (each.name == route or (not route and _pattern(each.pattern).search(dialled)))
    ]
    return Outward(caller, tuple(ways)) if ways else None


def shown_as(found: Outward, caller_id: str) -> Outward:
    """Return the same ways with another number of ours that is shown outside; unchanged where none is given."""
    if not caller_id:
        return found
    ways = tuple(replace(way, trunk=replace(way.trunk, caller_id=caller_id)) for way in found.ways)
    return replace(found, ways=ways)


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


@lru_cache(maxsize=4096)
def written(dialled: str, form: str, country: str) -> str:
    """Write a number as a trunk wants it; what is no number of the plan stays as it was dialled.

    Args:
        dialled: digits, perhaps with a plus sign.
        form: ``as_dialled``, ``e164`` (+7495...), ``digits`` (7495...) or ``national`` (8495...).
        country: two letters: whose numbers are dialled without a plus sign.
    """
    if form == "as_dialled":
        return dialled
    import phonenumbers  # its tables need not be there before a phone is answered

    try:
        parsed = phonenumbers.parse(dialled, country or None)
    except phonenumbers.NumberParseException:
        return dialled
    if not phonenumbers.is_possible_number(parsed):
        return dialled
    if form == "national":
        return re.sub(r"\D", "", phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))
    e164: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return e164 if form == "e164" else e164.removeprefix("+")
