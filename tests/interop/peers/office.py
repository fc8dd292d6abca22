"""An office with softphones for every part: two whose statuses are tried, who calls them, and who rings in their place.

Whoever is passed over by a group or a queue is known by that it rings at the next one in its list; whoever is refused,
by the answer that the caller gets. So nothing waits for something not to come.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from tests.interop.conftest import SPEAKS_S
from tests.interop.peers.audio import share_of, write_tone
from tests.interop.peers.baresip import Baresip
from tests.interop.peers.desk import HEARD, NOT_HEARD, Desk, heard_lately
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SwitchProcess
from tests.waiting import until

CITY, GSM = "203.0.113.1", "203.0.113.5"
"""The switch's ends of the cables to the customer's host and to the mobile's; theirs have the next address."""
TRUNKS: Final = """\
  - {name: city, host: 203.0.113.2, port: 15120, transport: udp}
  - {name: gsm, host: 203.0.113.6, port: 15130, transport: udp}
"""
MOBILE: Final = "+79990000001"
CUSTOMER: Final = "+74951112233"
OFFICE: Final = f"""\
users:
  - {{name: anna, extension: "101", password: secret-101}}
  - {{name: boris, extension: "102", password: secret-102, preset: mango, mobile: ["{MOBILE}"],
     routes: [by_gsm]}}
  - {{name: vera, extension: "103", password: secret-103}}
  - {{name: gleb, extension: "201", password: secret-201, preset: mango}}
  - {{name: dora, extension: "202", password: secret-202, preset: mango, respect_status: false, call_waiting: false}}
statuses:
  - {{name: lunch, label_en: Lunch, preset: mango, code: "7", direct: false, outbound: false, refuse_with: "603"}}
  - {{name: training, label_en: Training, preset: voximplant, code: "8"}}
groups:
  - {{name: group102, extension: "602", mode: ordered, members: [{{user: boris}}, {{user: gleb}}]}}
  - {{name: group103, extension: "603", mode: ordered, members: [{{user: vera}}, {{user: gleb}}]}}
queues:
  - {{name: queue102, extension: "702", strategy: priority, members: [{{user: boris}}, {{user: gleb, priority: 2}}]}}
  - {{name: queue103, extension: "703", strategy: priority, members: [{{user: vera}}, {{user: gleb, priority: 2}}]}}
  - {{name: queue202, extension: "704", strategy: priority, members: [{{user: dora}}, {{user: gleb, priority: 2}}]}}
trunks:
{TRUNKS}\
routes:
  - {{name: by_gsm, trunk: gsm, pattern: '^\\+79[0-9]{{9}}$'}}
numbers:
  - {{number: "+74950000101", user: anna}}
  - {{number: "+74950000102", user: boris}}
  - {{number: "+74950000103", user: vera}}
  - {{number: "+74950000602", group: group102}}
  - {{number: "+74950000603", group: group103}}
  - {{number: "+74950000702", queue: queue102}}
  - {{number: "+74950000703", queue: queue103}}
  - {{number: "+74950000704", queue: queue202}}
"""


class _Person(NamedTuple):
    """Who has a softphone: the account's user, the phone's address, the switch's that it speaks to, and the tone."""

    user: str
    address: str
    switch: str
    tone_hz: float


INSIDE: Final = "127.0.0.1"
PEOPLE: Final = {
    "anna": _Person("101", INSIDE, INSIDE, 440.0),
    "boris": _Person("102", INSIDE, INSIDE, 620.0),
    "vera": _Person("103", INSIDE, INSIDE, 850.0),
    "gleb": _Person("201", INSIDE, INSIDE, 1090.0),
    "dora": _Person("202", INSIDE, INSIDE, 1390.0),
    "customer": _Person(CUSTOMER, "203.0.113.2", CITY, 1700.0),
    "mobile": _Person(MOBILE, "203.0.113.6", GSM, 2100.0),
}
"""The order gives the ports: the two trunks' lines name those of the last two."""


class Office:
    """The phones, and each kind of call to one of them.

    Args:
        switch: a switch with the site ``OFFICE``.
        desks: the phones by the names of their people.
    """

    def __init__(self, switch: SwitchProcess, desks: dict[str, Desk]) -> None:
        self.switch = switch
        self.desks = desks
        self.anna, self.boris, self.vera = desks["anna"], desks["boris"], desks["vera"]
        self.gleb, self.dora = desks["gleb"], desks["dora"]
        self.customer, self.mobile = desks["customer"], desks["mobile"]
        self._numbers = {desk: PEOPLE[name].user for name, desk in desks.items()}

    def try_all(self, desk: Desk, permitted: dict[str, str]) -> None:
        """Make one call of each kind: it rings where the kind is permitted, and is refused where it is not.

        Args:
            desk: whose status is tried.
            permitted: for each kind of call ``yes``, ``mobile`` (there too), ``no``, or the refusal's SIP status.
        """
        for kind, answer in permitted.items():
            getattr(self, kind)(desk, answer)
            self.at_rest()
        self.left_quiet()

    def left_quiet(self) -> None:
        """Wait until nobody is in a call; none may have rung that was not waited for."""
        self.at_rest()
        for each in self.desks.values():
            each.rang_no_more()

    def at_rest(self) -> None:
        """Wait until nobody is in a call, by the switch's own account."""
        until(lambda: not self.switch.status()["legs"], lambda: self.switch.ask("GET", "calls"))

    def colleague(self, desk: Desk, answer: str) -> None:
        """A colleague dials the extension."""
        self._direct(desk, answer, self.anna, self._numbers[desk])

    def customer_direct(self, desk: Desk, answer: str) -> None:
        """A customer dials the user's own number."""
        self._direct(desk, answer, self.customer, self.outside(self._numbers[desk]))

    def _direct(self, desk: Desk, answer: str, caller: Desk, number: str) -> None:
        caller.phone.command("dial", number)
        if answer not in {"yes", "mobile"}:
            caller.is_let_go()
            assert answer in caller.phone.seen("CALL_CLOSED")[-1]["param"]
            return
        rung = [desk, self.mobile] if answer == "mobile" else [desk]
        for each in rung:
            each.rings()
        caller.hangs_up()
        for each in rung:
            each.is_let_go()

    def group(self, desk: Desk, answer: str) -> None:
        """A customer calls the group, in whose list gleb comes next."""
        self._listed(desk, answer, "6")

    def queue(self, desk: Desk, answer: str) -> None:
        """A customer comes into the queue, in whose list gleb comes next."""
        self._listed(desk, answer, "7")

    def _listed(self, desk: Desk, answer: str, first_digit: str) -> None:
        last_two = "04" if desk is self.dora else self._numbers[desk][1:]
        self.customer.phone.command("dial", self.outside(first_digit + last_two))
        rung = desk if answer == "yes" else self.gleb
        rung.rings()
        self.customer.hangs_up()
        rung.is_let_go()

    def transfer(self, desk: Desk, answer: str) -> None:
        """A colleague hands a customer over by her phone's key; an order that is refused leaves them with her."""
        self.customer.phone.command("dial", self.outside("101"))
        self.anna.takes()
        self.customer.talks()
        until(self.all_talk, lambda: self.switch.ask("GET", "calls"))
        if answer == "yes":
            self.anna.phone.command("transfer", f"sip:{self._numbers[desk]}@softswitch.local")
            desk.takes()
            self.anna.is_let_go()
            self.customer.hangs_up()
            desk.is_let_go()
            return
        (own,) = self.switch.ask("GET", "users/anna/calls")
        problem = self.switch.ask("POST", f"legs/{own['leg']}/transfer", number=self._numbers[desk])
        assert (problem["status"], problem["field"]) == (409, "number")
        assert self.all_talk()
        self.customer.hangs_up()
        self.anna.is_let_go()

    def all_talk(self) -> bool:
        """Tell whether the caller's phone, too, has said that it knows of the answer."""
        return {leg["state"] for call in self.switch.ask("GET", "calls") for leg in call["legs"]} == {"talking"}

    def outbound(self, desk: Desk, answer: str) -> None:
        """The user calls a colleague."""
        desk.phone.command("dial", self._numbers[self.anna])
        if answer != "yes":
            desk.is_let_go()
            assert answer in desk.phone.seen("CALL_CLOSED")[-1]["param"]
            return
        self.anna.rings()
        desk.hangs_up()
        self.anna.is_let_go()

    def hears(self, listener: str, speaker: str) -> bool:
        """Tell whether one of the people hears another one, and nobody else."""
        found = self.shares(listener)
        return found.pop(speaker) > HEARD and max(found.values()) < NOT_HEARD

    def hear_each_other(self, one: str, other: str) -> None:
        """Wait until two hear one another and nobody else."""
        self.until_hears(one, other)
        self.until_hears(other, one)

    def until_hears(self, listener: str, speaker: str) -> None:
        """Wait until one of the people hears another one and nobody else."""
        until(lambda: self.hears(listener, speaker), lambda: (listener, self.shares(listener)))

    def shares(self, listener: str) -> dict[str, float]:
        """Return the share of each one's tone in what somebody heard last."""
        heard = heard_lately(self.desks[listener].phone)
        return {name: share_of(heard, person.tone_hz) for name, person in PEOPLE.items()}

    def outside(self, number: str) -> str:
        """Return what a customer dials so that it comes to an extension of three digits."""
        return f"sip:+74950000{number}@{CITY}:5060"


@contextmanager
def open_office(space: Namespace, directory: Path, *, site: str = OFFICE) -> Iterator[Office]:
    """Start the switch with two media workers, and all phones; end them."""
    folder = directory / "switch"
    folder.mkdir()
    phones: list[Baresip] = []
    with _hosts(space) as hosts:
        listen = tuple(f"udp:{address}:5060" for address in hosts)
        switch = SwitchProcess(space, folder, listen=listen, site=site, more="[media]\nworkers = 2")
        try:
            for number, (name, person) in enumerate(PEOPLE.items(), 1):
                phones.append(_phone(hosts[person.switch], directory / name, number, person))
            for phone, person in zip(phones, PEOPLE.values(), strict=True):
                if person.switch == INSIDE:
                    phone.until_registered()
            yield Office(switch, {name: Desk(phone) for name, phone in zip(PEOPLE, phones, strict=True)})
        finally:
            for phone in phones:
                phone.close()
            code = switch.close()
    assert code == 0
    assert not switch.complaints()


@contextmanager
def _hosts(space: Namespace) -> Iterator[dict[str, Namespace]]:
    """Give whoever is outside a host of their own, by the switch's address at its cable.

    Beside the switch, baresip would send its sound from the host's first address, not from its own: a stranger's.
    """
    found = {INSIDE: space}
    with ExitStack() as stack:
        for person in PEOPLE.values():
            if person.switch != INSIDE:
                host = found[person.switch] = Namespace()
                stack.callback(host.close)
                space.connect(host, f"{person.switch}/30", f"{person.address}/30")
        yield found


def _phone(space: Namespace, directory: Path, number: int, person: _Person) -> Baresip:
    directory.mkdir()
    write_tone(directory / "in.wav", person.tone_hz, SPEAKS_S, amplitude=16000)
    account = f"<sip:{person.user}@{person.switch}:5060>"
    own = f";auth_user={person.user};auth_pass=secret-{person.user};regint=120"
    account += own if person.switch == INSIDE else ";regint=0"
    return Baresip(space, directory, address=person.address, number=number, account=account)
