"""Calls that commands are given about, and that only remember them."""

from __future__ import annotations

from collections.abc import Sequence

from softswitch.api.conference_view import ConferenceView, MemberView
from softswitch.api.control_view import InformationView, LineCallView, ParkedView, TargetView
from softswitch.core.errors import CommandError

CALL = LineCallView("c1.1", "anna", "101", "talking", "PCMA", "c1", "102", "", "c1.2", "out")

KNOWN = InformationView("c1", "+79161112233", "", "600", None, ("invoice",), ())

PARKED = ParkedView("1", "c1", "c1.2", "102", "anna", "2026-11-22T10:02:00.000Z")


class FakeControl:
    """One call on anna's line."""

    def __init__(self) -> None:
        self.orders: list[tuple[object, ...]] = []

    def _order(self, *order: object) -> LineCallView:
        if order[1] != CALL.leg:
            raise CommandError(f"There is no leg {order[1]}", status=404, error_id="unknown-leg", field="leg")
        self.orders.append(order)
        return CALL

    def line(self, user: str) -> Sequence[LineCallView]:
        if user != "anna":
            raise CommandError(f"There is no user {user}", status=404, error_id="unknown-user", field="user")
        return [CALL]

    def may_command(self, user: str, leg: str) -> bool:
        return (user, leg) == (CALL.user, CALL.leg)

    def targets(self, user: str, *, everybody: bool) -> Sequence[TargetView]:
        found = [TargetView("user", "vera", "103", "Вера", everybody, "", "ready")]
        return found if user == "anna" else []

    def dial(self, user: str, number: str, route: str, caller_id: str, *, auto_answer: bool) -> Sequence[LineCallView]:
        self.orders.append(("dial", user, number, route, caller_id, auto_answer))
        return self.line(user)

    def pick_up(self, user: str, number: str) -> Sequence[LineCallView]:
        self.orders.append(("pick_up", user, number))
        return self.line(user)

    def answer(self, leg: str) -> LineCallView:
        return self._order("answer", leg)

    def hold(self, leg: str) -> LineCallView:
        return self._order("hold", leg)

    def connect(self, leg: str) -> LineCallView:
        return self._order("connect", leg)

    def hang_up(self, leg: str) -> LineCallView:
        return self._order("hang_up", leg)

    def transfer(self, leg: str, number: str, route: str, caller_id: str) -> LineCallView:
        return self._order("transfer", leg, number, route, caller_id)

    def consult(self, leg: str, number: str, route: str, caller_id: str) -> LineCallView:
        return self._order("consult", leg, number, route, caller_id)

    def confirm(self, leg: str, other_leg: str) -> LineCallView:
        return self._order("confirm", leg, other_leg)

    def cancel(self, leg: str) -> LineCallView:
        return self._order("cancel", leg)

    def conferences(self) -> Sequence[ConferenceView]:
        member = MemberView(CALL.leg, "anna", "101", "talking", muted=True)
        return [ConferenceView("c1", "meeting", (member,), "2026-11-01T10:00:00Z")]

    def conference(self, leg: str, number: str) -> LineCallView:
        return self._order("conference", leg, number)

    def mute(self, leg: str, *, wanted: bool) -> LineCallView:
        return self._order("mute", leg, wanted)

    def supervise(self, leg: str, supervisor: str, mode: str, follow: str) -> LineCallView:
        return self._order("supervise", leg, supervisor, mode, follow)

    def toggle(self, leg: str) -> LineCallView:
        return self._order("toggle", leg)

    def keys(self, leg: str, keys: str) -> LineCallView:
        return self._order("keys", leg, keys)

    def information(self, leg: str) -> InformationView:
        self._order("information", leg)
        return KNOWN

    def tag(self, leg: str, tags: Sequence[str]) -> InformationView:
        self._order("tag", leg, *tags)
        return KNOWN

    def note(self, leg: str, text: str) -> InformationView:
        self._order("note", leg, text)
        return KNOWN

    def playback(self, leg: str, *, paused: bool | None, sound: int | None, at_s: float | None) -> LineCallView:
        return self._order("playback", leg, paused, sound, at_s)

    def park(self, leg: str, slot: str) -> ParkedView:
        self._order("park", leg, slot)
        return PARKED

    def parked(self) -> Sequence[ParkedView]:
        return [PARKED]

    def retrieve(self, user: str, slot: str) -> Sequence[LineCallView]:
        self.orders.append(("retrieve", user, slot))
        return self.line(user)
