"""The switch as a client of its carriers' registrars: REGISTER, digest, refresh, and what to do when it fails.

What was sent and what came of it are facts (:mod:`softswitch.directory.trunk_registrations`); a brain that comes after
this one asks again where no answer is known, and else waits for the same moments. Only the challenge that is being
answered is in memory: losing it costs one more REGISTER.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from softswitch.app.addresses import Addresses
from softswitch.app.deadlines import Deadlines
from softswitch.core.alarm import Alarm
from softswitch.core.clock import Clock, deadline_of_wall
from softswitch.core.ids import Entropy
from softswitch.directory.host_names import Target
from softswitch.directory.site import Site, Trunk
from softswitch.directory.trunk_registrations import (
    TrunkRegisterDropped,
    TrunkRegistered,
    TrunkRegisterFailed,
    TrunkRegisterSent,
    TrunkRegistration,
    TrunkRegistrations,
)
from softswitch.sip.flow import Flow
from softswitch.sip.headers.address import Address
from softswitch.sip.message import Header, Response
from softswitch.sip.ua.actions import Responded
from softswitch.sip.ua.order import OurCredentials
from softswitch.sip.ua.registering import answer_to_challenge, granted_s, register_request, whole_header
from softswitch.sip.ua.user_agent import UserAgent
from softswitch.sip.uri import Uri

OWNER: Final = "trunk-register "
"""Before a trunk's name: whose requests these are."""
ASKED_S: Final = 3600
REFRESH_AT: Final = 0.8
"""Of the time that was granted."""
FIRST_RETRY_S: Final = 30.0
"""After the first failure; each further one doubles it (RFC 5626 §4.5)."""
LONGEST_RETRY_S: Final = 1800.0
_NEXT_HOST_S: Final = 1.0
_TRIES: Final = 4
"""REGISTERs of one attempt: plain, with credentials, with a stale nonce renewed, with a longer time."""


class TrunkRegistrar:
    """Keeps the site's trunks registered.

    Args:
        ua: sends the requests.
        state: how the registrations stand.
        clock: both faces of time.
        entropy: Call-IDs and cnonces.
        site: the loaded site.
        addresses: which of our addresses a carrier sees.
        targets_of: where a trunk's hosts are.
        local_for: our address towards a host by a transport; None where there is no way.
        credentials_of: who we are to a trunk, by its name.
        record: keeps a fact, and folds it into ``state``.
        log: tells an event for people.
        alarm: is told when a REGISTER is due.
    """

    def __init__(
        self,
        *,
        ua: UserAgent,
        state: TrunkRegistrations,
        clock: Clock,
        entropy: Entropy,
        site: Callable[[], Site],
        addresses: Addresses,
        local_for: Callable[[str, str], tuple[str, int] | None],
        targets_of: Callable[[Trunk], list[Target]],
        credentials_of: Callable[[str], OurCredentials | None],
        record: Callable[[object], None],
        log: Callable[..., None],
        alarm: Alarm | None = None,
    ) -> None:
        self._ua = ua
        self._state = state
        self._clock = clock
        self._entropy = entropy
        self._site = site
        self._addresses = addresses
        self._local_for = local_for
        self._targets_of = targets_of
        self._credentials_of = credentials_of
        self._record = record
        self._log = log
        self._deadlines = Deadlines(alarm)
        self._tries: dict[str, int] = {}
        """REGISTERs of attempts that are going on, by trunk."""
        self._proved: set[str] = set()
        """Trunks whose last REGISTER carried credentials."""

    def look_again(self) -> None:
        """Plan what site and facts say: at the start, after a load. What waits for an answer goes on waiting."""
        wanted = {trunk.name: trunk for trunk in self._site().trunks.values() if trunk.register}
        for known in self._state:
            if known.trunk not in wanted:
                self._forget(known.trunk)
                self._record(TrunkRegisterDropped(known.trunk))
        for name, trunk in wanted.items():
            found = self._state.get(name)
            if found is None or found.account != _account(trunk):
                self._forget(name)
                self._deadlines.set(name, self._clock.monotonic())
            elif name not in self._tries:
                self._plan(found)

    def try_now(self, name: str) -> None:
        """Register a trunk at once that could not before: its host has been found."""
        known = self._state.get(name)
        if known is not None and known.failures and name not in self._tries:
            self._deadlines.set(name, self._clock.monotonic())

    def _forget(self, name: str) -> None:
        self._deadlines.set(name, None)
        self._tries.pop(name, None)
        self._proved.discard(name)

    def _plan(self, known: TrunkRegistration) -> None:
        """Set the time of the next REGISTER; one without an answer is from a brain that is gone."""
        now = self._clock.monotonic()
        self._deadlines.set(known.trunk, now if known.waits else deadline_of_wall(self._clock, known.next_s))

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which a REGISTER is due, or None."""
        return self._deadlines.next()

    def handle_timer(self, *, now: float) -> None:
        """Send what is due."""
        for name in self._deadlines.due(now):
            trunk = self._site().trunks.get(name)
            if trunk is not None and trunk.register:
                self._tries[name] = 0
                self._send(trunk, now)

    def _send(self, trunk: Trunk, now: float, *, proof: Header | None = None, expires_s: int = 0) -> None:
        known = self._state.get(trunk.name)
        account = _account(trunk)
        if known is None or known.account != account:
            known = TrunkRegistration(trunk.name, account, self._entropy.token(16), 0, ASKED_S)
        asked_s = expires_s or known.expires_s
        self._record(TrunkRegisterSent(trunk.name, account, known.sip_call_id, known.cseq + 1, asked_s))
        self._tries[trunk.name] = self._tries.get(trunk.name, 0) + 1
        flow = self._flow(trunk, known.failures)
        if flow is None:
            self._fail(trunk, 503, "There is no way to its host", 0)
            return
        (self._proved.add if proof else self._proved.discard)(trunk.name)
        us = Address(Uri("sip", trunk.username, _written(trunk.host)))
        made = register_request(
            _registrar(trunk),
            us,
            self._contact(trunk, flow),
            known.sip_call_id,
            known.cseq + 1,
            asked_s,
            (proof,) if proof else (),
        )
        self._ua.request(made, flow, owner=OWNER + trunk.name, now=now)

    def _flow(self, trunk: Trunk, failures: int) -> Flow | None:
        """Return the way to one of its hosts: the next one after each failure."""
        targets = self._targets_of(trunk)
        if not targets:
            return None
        transport, host, port = targets[failures % len(targets)]
        local = self._local_for(transport, host)
        return None if local is None else Flow(transport, local, (host, port))

    def _contact(self, trunk: Trunk, flow: Flow) -> Uri:
        host, port = self._addresses.address_for(flow)
        made = Uri("sip", trunk.username, _written(host), port)
        return made if flow.transport == "udp" else made.with_parameter("transport", flow.transport)

    # What the registrar says

    def responded(self, action: Responded, *, now: float) -> None:
        """Take the final response to a REGISTER; those to other requests are none of ours."""
        name = action.owner.removeprefix(OWNER)
        trunk, known = self._site().trunks.get(name), self._state.get(name)
        if name == action.owner or trunk is None or known is None or not known.waits or name not in self._tries:
            return
        response = action.response
        if response.call_id != known.sip_call_id or response.cseq.number != known.cseq:
            return  # the site was loaded anew meanwhile
        if 200 <= response.status < 300:
            self._accepted(trunk, known, response)
        elif not self._try_again(trunk, known, response, now):
            self._fail(trunk, response.status, response.reason, whole_header(response, "Retry-After"))

    def _try_again(self, trunk: Trunk, known: TrunkRegistration, response: Response, now: float) -> bool:
        """Answer a challenge, or ask for as long as the registrar wants; tell whether there was anything to do."""
        if self._tries[trunk.name] >= _TRIES:
            return False
        least_s = whole_header(response, "Min-Expires")
        if response.status == 423 and least_s > known.expires_s:
            self._send(trunk, now, expires_s=least_s)
            return True
        ours = self._credentials_of(trunk.name)
        if ours is None or (trunk.name in self._proved and not _is_stale(response)):
            return False
        proof = answer_to_challenge(response, ours, _registrar(trunk), lambda: self._entropy.token(8))
        if proof is None:
            return False
        self._send(trunk, now, proof=proof)
        return True

    def _accepted(self, trunk: Trunk, known: TrunkRegistration, response: Response) -> None:
        flow = self._flow(trunk, known.failures)
        granted = 0 if flow is None else granted_s(response, self._contact(trunk, flow), known.expires_s)
        if granted == 0:
            self._fail(trunk, response.status, "It did not take our Contact", 0)
            return
        wall_s = self._clock.wall()
        if known.failures or not known.until_s:
            self._log("trunk.registered", trunk=trunk.name, granted_s=granted)
        self._forget(trunk.name)
        self._record(TrunkRegistered(trunk.name, wall_s + granted, wall_s + max(1.0, REFRESH_AT * granted)))
        self._plan_of(trunk.name)

    def _fail(self, trunk: Trunk, status: int, reason: str, retry_after_s: int) -> None:
        known = self._state.get(trunk.name)
        failures = 1 + (0 if known is None else known.failures)
        delay_s = retry_after_s or _delay_s(failures, len(self._targets_of(trunk)))
        self._log("trunk.register_failed", trunk=trunk.name, status=status, reason=reason, again_s=delay_s)
        self._forget(trunk.name)
        self._record(TrunkRegisterFailed(trunk.name, status, reason, self._clock.wall() + delay_s))
        self._plan_of(trunk.name)

    def _plan_of(self, name: str) -> None:
        known = self._state.get(name)
        if known is not None:
            self._plan(known)


def _delay_s(failures: int, hosts: int) -> float:
    """Return how long to wait after so many failures in a row: briefly while there is a host that was not tried."""
    if hosts and failures % hosts:
        return _NEXT_HOST_S
    rounds = min(failures // max(hosts, 1), 16)
    return min(LONGEST_RETRY_S, FIRST_RETRY_S * (1 << (rounds - 1)))


def _is_stale(response: Response) -> bool:
    values = (*response.get_all("WWW-Authenticate"), *response.get_all("Proxy-Authenticate"))
    return any("stale=true" in value.replace(" ", "").replace('"', "").lower() for value in values)


def _account(trunk: Trunk) -> str:
    return f"{trunk.username} at {_registrar(trunk)}"


def _registrar(trunk: Trunk) -> str:
    made = Uri("sip", "", _written(trunk.host), trunk.port)
    plain = trunk.transport in {"udp", "auto"}
    return str(made if plain else made.with_parameter("transport", trunk.transport))


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host
