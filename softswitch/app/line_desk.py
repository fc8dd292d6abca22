"""Third-party control: what a user may ask of the calls on their phones without touching one (RFC 3725)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from softswitch.app.auto_answer import auto_answer_lines
from softswitch.app.people import OFFLINE, People
from softswitch.app.pickup import nothing_rings, ringing_leg
from softswitch.app.request_desk import RequestDesk
from softswitch.app.targets import Target, Targets
from softswitch.app.trunk_desk import TrunkDesk
from softswitch.calls import control_inputs as orders
from softswitch.calls.destinations import Attend, Destination, Phone, Place, RingPhones
from softswitch.calls.inputs import SteerPlaying
from softswitch.calls.parking import free_slot
from softswitch.calls.refusals import live_leg, other_party, refused, stands, usable
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.undertakings import Parked
from softswitch.core.errors import CommandError
from softswitch.core.ids import leg_id
from softswitch.directory.outward import outward, shown_as
from softswitch.directory.site import Site, User, number_key
from softswitch.sip.headers.address import Address
from softswitch.sip.uri import Uri

_SEPARATORS: Final = str.maketrans("", "", "-.() ")


class LineDesk:
    """Carries out commands about the calls of users; a refused one raises ``CommandError`` and changes nothing.

    Args:
        calls: the calls; only read.
        desk: knows where numbers lead, and the phones.
        people: who may be rung and may dial.
        trunks: makes the legs of calls that leave.
        decide: decides and carries out an input of the calls.
        new_id: makes the id of a conversation.
        may_be_told: whether a leg's phone lets itself be told to answer, and by further events too.
        send_keys: sends a leg keys.
        times: monotonic and wall time of the turn.
    """

    def __init__(
        self,
        calls: CallsState,
        desk: RequestDesk,
        people: People,
        trunks: TrunkDesk,
        decide: Callable[[Any], None],
        new_id: Callable[[], str],
        may_be_told: Callable[..., bool],
        send_keys: Callable[[str, str], None],
        times: Callable[[], tuple[float, float]],
    ) -> None:
        self._targets = Targets(desk, people, lambda: times()[1])
        self._send_keys = send_keys
        self._calls = calls
        self._desk = desk
        self._people = people
        self._trunks = trunks
        self._decide = decide
        self._new_id = new_id
        self._may_be_told = may_be_told
        self._times = times

    # Looking

    @property
    def site(self) -> Site:
        """The site in force."""
        return self._desk.site

    def user(self, name: str) -> User:
        """Return a user.

        Raises:
            CommandError: there is none of that name.
        """
        found = self.site.users.get(name)
        if found is None:
            raise CommandError(f"There is no user {name}", status=404, error_id="unknown-user", field="user")
        return found

    def legs_of(self, user: str) -> Iterator[tuple[Conversation, Leg]]:
        """Return the calls of a user: their legs, in the order in which they came to be."""
        self.user(user)
        for leg in self._calls.of_user(user):
            if leg.is_live:
                yield self._calls.conversations[leg.conversation_id], leg

    # Commands

    def targets(self, user: str) -> list[Target]:
        """Return whom a user can transfer to, now or at another time."""
        return list(self._targets.of(self.user(user)))

    def dial(self, user: str, number: str, *, route: str = "", caller_id: str = "", auto_answer: bool = True) -> str:
        """Ring a user's phones, then a number for the one that answers; return the first leg.

        Args:
            user: who calls.
            number: an extension or a number outside.
            route: by which a number outside shall be reached; empty: by the user's routes in their order.
            caller_id: the own number that is shown outside; empty: the trunk's usual one.
            auto_answer: whether their phones shall answer by themselves.
        """
        caller, dialled = self.user(user), self._number(number)
        barred = self._people.dialling_refused(caller)
        if barred is not None:
            usable(barred, "user")
        destination = usable(self._destination(caller, dialled, "", route, caller_id))
        shown = self.site.user_by_extension(dialled)
        from_ = str(Address(Uri("sip", dialled, self.site.domain), shown.display_name if shown else ""))
        own = tuple(replace(phone, caller=from_) for phone in self._own_phones(caller, auto_answer=auto_answer))
        made = self._new_id()
        self._decide(orders.DialOrdered(made, user, caller.extension, caller.display_name, dialled, own, destination))
        return leg_id(made, 1)

    def call_up(self, user: str, number: str, shown: str, guide: str) -> str:
        """Ring a number as a user could, and let a guide lead whoever answers; return the first leg.

        Args:
            user: by whose routes.
            number: an extension or a number outside.
            shown: the extension that calls, as records and phones inside show it.
            guide: ``kind:name``.

        Raises:
            CommandError: it cannot be rung now.
        """
        caller, dialled = self.user(user), self._number(number)
        found = usable(self._destination(caller, dialled, "", "", ""))
        if not isinstance(found, RingPhones):
            raise refused(f"{number} is not rung directly", "not-a-phone", "number")
        from_ = str(Address(Uri("sip", shown, self.site.domain)))
        phones = tuple(replace(phone, caller=phone.caller or from_) for phone in found.phones)
        made = self._new_id()
        self._decide(orders.DialOrdered(made, "", dialled, "", shown, phones, Attend(guide)))
        return leg_id(made, 1)

    def answer(self, leg: str) -> None:
        """Let a phone that rings answer."""
        found = self._calls.legs.get(leg)
        if found is None:
            raise refused(f"There is no leg {leg or '(empty)'} in a call now", "unknown-leg", status=404)
        place = Place(found.uri, found.flow, found.media_address, found.advertised_address, found.route, found.srtp)
        phone = Phone(
            found.user,
            found.number,
            place,
            caller=found.caller,
            headers=auto_answer_lines(self._desk.user_agent_of(found.user, found.uri)),
        )
        if not found.user:
            raise refused(f"{leg} is no phone of the switch's", "not-ours")
        self._decide(orders.AnswerOrdered(leg, phone, self._may_be_told(leg)))

    def hold(self, leg: str) -> None:
        """Let the other party wait with music."""
        self._decide(orders.HoldOrdered(leg, self._may_be_told(leg, "hold")))

    def connect(self, leg: str) -> None:
        """Talk with whoever waits."""
        self._decide(orders.ConnectOrdered(leg))

    def hang_up(self, leg: str) -> None:
        """End the call of a leg."""
        self._decide(orders.HangUpOrdered(leg))

    def transfer(self, leg: str, number: str, *, route: str = "", caller_id: str = "") -> None:
        """Transfer the other party, without asking whoever is to have it."""
        dialled = self._number(number)
        destination = self._destination(self._user_of(leg), dialled, "transfer_in", route, caller_id)
        self._decide(orders.TransferOrdered(leg, dialled, destination))

    def consult(
        self, leg: str, number: str, *, route: str = "", caller_id: str = "", purpose: str = "transfer"
    ) -> None:
        """Ask somebody while the other party waits."""
        dialled = self._number(number)
        destination = self._destination(self._user_of(leg), dialled, "transfer_in", route, caller_id)
        self._decide(orders.ConsultOrdered(leg, dialled, destination, purpose))

    def confirm(self, leg: str, other_leg: str = "") -> None:
        """Bring the two together whom a leg talks with in turn, or has in two calls."""
        self._decide(orders.ConfirmOrdered(leg, other_leg))

    def cancel(self, leg: str) -> None:
        """End a consultation."""
        self._decide(orders.CancelOrdered(leg))

    def toggle(self, leg: str) -> None:
        """Talk with the other one of two."""
        self._decide(orders.ToggleOrdered(leg))

    def tag(self, leg: str, tags: Sequence[str]) -> None:
        """Say what the call of a user's leg is about."""
        self._decide(orders.TagsChosen(leg, tuple(tags)))

    def note(self, leg: str, text: str) -> None:
        """Write the note of a leg's user about their call."""
        self._decide(orders.NoteWritten(leg, text))

    def park(self, leg: str, slot: str = "") -> str:
        """Let the other party wait in a slot, the first free one unless named; return the slot."""
        wanted = slot or free_slot(self._calls, "")
        self._decide(orders.ParkOrdered(leg, slot))
        return wanted

    def parked(self) -> Iterator[tuple[Conversation, Parked]]:
        """Return who waits in slots."""
        for conversation in self._calls.conversations.values():
            if conversation.parked is not None:
                yield conversation, conversation.parked

    def retrieve(self, user: str, slot: str) -> None:
        """Let a user's phones take whoever waits in a slot."""
        taker, waits = self.user(user), self._calls.parked_in(slot)
        if waits is None:
            raise refused(f"Nobody is parked at {slot}", "nothing-parked", "slot", status=404)
        self._decide(orders.RetrieveOrdered(waits.leg, self._own_phones(taker, auto_answer=True)))

    def pick_up(self, user: str, number: str) -> str:
        """Let a user's phones take a call that rings at a number; return the leg that rings there."""
        taker, dialled = self.user(user), self._number(number)
        rings = ringing_leg(self._calls, self.site, taker, dialled, self._desk.group_rung)
        if not rings:
            usable(nothing_rings(dialled))
        conversation = self._calls.conversation_of(rings)
        own = self._own_phones(taker, auto_answer=True)
        first = leg_id(conversation.conversation_id, conversation.next_leg()) if conversation else ""
        self._decide(orders.PickUpOrdered(rings, own))
        return first

    # Pieces

    def _number(self, number: str) -> str:
        """Return what is to be dialled for a number, or for the name of a user, a group or a queue."""
        dialled = self._targets.number_of(number.strip()).translate(_SEPARATORS)
        if not dialled:
            raise CommandError("A number is required", status=422, error_id="number-required", field="number")
        return dialled

    def _user_of(self, leg: str) -> User:
        """Return the user whose leg that is: their routes and rights count."""
        found = self._calls.legs.get(leg)
        if found is None or not found.is_live:
            raise refused(f"There is no leg {leg or '(empty)'} in a call now", "unknown-leg", status=404)
        if found.user not in self.site.users:
            raise refused(f"{leg} is the leg of nobody here, and only users give commands", "not-ours")
        return self.site.users[found.user]

    def _destination(self, user: User, number: str, right: str, route: str, caller_id: str) -> Destination:
        now, wall_s = self._times()
        self._check_caller_id(caller_id)
        if not route:
            return self._desk.destination_of(number, user, right=right, caller_id=caller_id, now=now, wall_s=wall_s)
        if route not in self.site.routes:
            raise CommandError(f"There is no route {route}", status=404, error_id="unknown-route", field="route")
        if route not in user.routes:
            permitted = ", ".join(user.routes) or "none"
            reason = f"{user.name} may not take the route {route}; permitted: {permitted}"
            raise CommandError(reason, status=403, error_id="forbidden-route", field="route")
        ways = outward(self.site, replace(user, routes=(route,)), number)
        if ways is None:
            reason = f"The route {route} does not lead to {number}"
            raise CommandError(reason, status=409, error_id="route-mismatch", field="route")
        return self._trunks.destination(shown_as(ways, caller_id), hidden=False, now=now)

    def _check_caller_id(self, number: str) -> None:
        own = {number_key(trunk.caller_id) for trunk in self.site.trunks.values() if trunk.caller_id}
        if number and number_key(number) not in own and self.site.number(number) is None:
            reason = f"{number} is none of the site's own numbers"
            raise CommandError(reason, status=403, error_id="forbidden-caller-id", field="caller_id")

    def keys(self, leg: str, digits: str) -> None:
        """Send the other party keys, as if the user had pressed them at the phone (RFC 4733)."""
        conversation, own = live_leg(self._calls, leg)
        if not digits or set(digits.upper()) - set("0123456789*#ABCD"):
            raise CommandError("Keys are 0 to 9, *, # and A to D", status=422, error_id="bad-keys", field="keys")
        if conversation.peer_of(leg) is None:
            raise refused(f"{leg} {stands(conversation, own)}: nobody hears its keys", "not-talking")
        self._send_keys(other_party(conversation, own).leg, digits.upper())

    def playback(self, leg: str, *, paused: bool | None, sound: int | None, at_s: float | None) -> None:
        """Let what a leg hears stand still or go on, or move it.

        Args:
            leg: who hears it.
            paused: None to leave that as it is.
            sound: which of the sounds it is moved to, from 0; None for the first where ``at_s`` is given.
            at_s: how far into it; None for its beginning where ``sound`` is given.
        """
        conversation, own = live_leg(self._calls, leg)
        if not own.sounds:
            raise refused(f"{leg} {stands(conversation, own)} and hears nothing of the switch", "nothing-played")
        if own.sounds_repeat:
            raise refused(f"{leg} hears what never ends: music and tones do not stand still", "not-steerable")
        moved = sound is not None or at_s is not None
        if moved and not 0 <= (sound or 0) < len(own.sounds):
            reason = f"{leg} hears {len(own.sounds)} sounds, counted from 0"
            raise CommandError(reason, status=422, error_id="bad-sound", field="sound")
        stays = own.play_paused if paused is None else paused
        self._decide(SteerPlaying(leg, stays, (sound or 0) if moved else -1, round(1000 * (at_s or 0.0))))

    def _own_phones(self, user: User, *, auto_answer: bool) -> tuple[Phone, ...]:
        bindings = self._people.registered_phones(user, wall_s=self._times()[1])
        if not bindings:
            usable(OFFLINE, "user")
        return tuple(
            replace(
                self._desk.phone(user, binding),
                headers=auto_answer_lines(binding.user_agent) if auto_answer else (),
            )
            for binding in bindings
        )
