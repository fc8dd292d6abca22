"""The header lines of an INVITE that make a phone answer by itself, in the words of its maker."""

from __future__ import annotations

from softswitch.directory.location import LocationState
from softswitch.directory.phone_models import model_of


def auto_answer_lines(user_agent: str) -> tuple[str, ...]:
    """Return the lines for a phone that calls itself so; for an unknown one, what most phones understand."""
    return model_of(user_agent).auto_answer


def user_agent_of(locations: LocationState, user: str, contact: str) -> str:
    """Return what the phone of a Contact calls itself; empty where it is not registered."""
    return next((one.user_agent for one in locations.contacts_of(user) if one.contact == contact), "")
