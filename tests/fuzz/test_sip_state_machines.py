"""Two user agents over a network that loses, doubles, delays and reorders, under random commands, in virtual time.

Whatever happens: nothing raises, every session ends, nothing is left alive or kept, and each side hears of its end
exactly once.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.core.errors import LocalProtocolError
from softswitch.core.ids import Entropy
from softswitch.sip.flow import Flow
from softswitch.sip.headers.address import Address
from softswitch.sip.timers import Timers
from softswitch.sip.ua import actions
from softswitch.sip.ua.client_session import ClientSession
from softswitch.sip.ua.order import InviteOrder
from softswitch.sip.ua.server_session import ServerSession
from softswitch.sip.ua.snapshot import SessionSnapshot
from softswitch.sip.ua.user_agent import Session, UserAgent
from softswitch.sip.uri import Uri
from tests.fuzz.conftest import scale

A, B = ("10.0.0.1", 5060), ("10.0.0.2", 5060)
SDP = "v=0\r\n"
ENDS = (actions.Cancelled, actions.AckMissing, actions.Rejected, actions.Ended)
QUIET_S = 400.0
"""After the last command: more than timer C and 64*T1 together."""


@dataclass(frozen=True)
class Weather:
    """What the network does to datagrams."""

    loss: float
    twice: float
    delay_s: float
    crash: float
    noise: float = 0.0


@dataclass
class End:
    """One user agent with its owner, who decides by chance."""

    name: str
    flow: Flow
    ua: UserAgent
    sessions: list[Session] = field(default_factory=list)
    ends: dict[str, list[str]] = field(default_factory=dict)
    hung_up: set[str] = field(default_factory=set)


class World:
    """Both ends, the network between them, and time."""

    def __init__(self, seed: int, weather: Weather, transport: str) -> None:
        self.random = random.Random(seed)
        self.weather = weather
        self.transport = transport
        self.now = 0.0
        self._wire: list[tuple[float, int, str, bytes]] = []
        self._count = 0
        self._owners = 0
        connection = 0 if transport == "udp" else 1
        self.ends = {
            "a": End("a", Flow(transport, A, B, connection), self._agent()),
            "b": End("b", Flow(transport, B, A, connection), self._agent()),
        }

    def _agent(self) -> UserAgent:
        timers = Timers(unanswered_s=200.0)
        return UserAgent(entropy=Entropy(self.random.randbytes), address_of=lambda flow: flow.local, timers=timers)

    # The network

    def _post(self, sender: End, data: bytes) -> None:
        to = "b" if sender.name == "a" else "a"
        if self.transport == "tcp":
            self._put(0.01, to, data)
            return
        copies = 2 if self.random.random() < self.weather.twice else 1
        for _ in range(copies):
            if self.random.random() < self.weather.noise:
                data = self._garbled(data)
            if self.random.random() >= self.weather.loss:
                self._put(self.random.random() * self.weather.delay_s, to, data)

    def _garbled(self, data: bytes) -> bytes:
        """Change, drop, double or cut some octets, or swap two lines."""
        octets = bytearray(data)
        for _ in range(self.random.randint(1, 4)):
            at = self.random.randrange(len(octets) or 1)
            kind = self.random.randrange(6)
            if kind == 0:
                octets[at : at + 1] = bytes([self.random.randrange(256)])
            elif kind == 1:
                del octets[at : at + self.random.randint(1, 40)]
            elif kind == 2:
                octets[at:at] = octets[at : at + self.random.randint(1, 40)]
            elif kind == 3:
                octets[at : at + 1] = self.random.choice((b"\r\n", b";", b",", b"<", b'"', b"*", b"=", b" ", b"9" * 12))
            elif kind == 4:
                lines = bytes(octets).split(b"\r\n")
                self.random.shuffle(lines)
                octets = bytearray(b"\r\n".join(lines))
            else:
                del octets[at:]
        return bytes(octets)

    def _put(self, delay_s: float, to: str, data: bytes) -> None:
        self._count += 1
        heapq.heappush(self._wire, (self.now + delay_s, self._count, to, data))

    # Time

    def run(self, until: float) -> None:
        """Let things happen until a moment, in their order."""
        while True:
            self._drain()
            moments = [self._wire[0][0]] if self._wire else []
            moments += [at for end in self.ends.values() if (at := end.ua.next_deadline()) is not None]
            if not moments or min(moments) > until:
                self.now = until
                return
            self.now = max(self.now, min(moments))
            while self._wire and self._wire[0][0] <= self.now:
                _, _, to, data = heapq.heappop(self._wire)
                self.ends[to].ua.receive(data, self.ends[to].flow, now=self.now)
            for end in self.ends.values():
                end.ua.handle_timer(now=self.now)

    def _drain(self) -> None:
        for end in self.ends.values():
            while batch := end.ua.actions():
                for action in batch:
                    self._handle(end, action)

    def _handle(self, end: End, action: actions.Action) -> None:
        if isinstance(action, actions.Send):
            self._post(end, action.data)
        elif isinstance(action, actions.RequestArrived):
            owner = self._new_owner()
            end.sessions.append(end.ua.accept_invite(action.request, action.flow, owner=owner, now=self.now))
        elif isinstance(action, ENDS):
            end.ends.setdefault(action.session.owner, []).append(type(action).__name__)
        elif isinstance(action, actions.Reoffered) and self.random.random() < 0.9:
            self._answer_reoffer(end, action.session.owner)
        elif isinstance(action, actions.Answered) and not (action.sdp or self.weather.noise):
            raise AssertionError("an answer without a description")

    def _new_owner(self) -> str:
        self._owners += 1
        return f"leg {self._owners}"

    def _answer_reoffer(self, end: End, owner: str) -> None:
        session = next(s for s in end.sessions if s.owner == owner)
        if self.random.random() < 0.7:
            session.accept_reoffer(SDP, now=self.now)
        else:
            session.refuse_reoffer(488, now=self.now)

    # Commands

    def call(self) -> None:
        """Either end calls the other."""
        end = self.ends[self.random.choice("ab")]
        sdp = SDP if self.random.random() < 0.8 else ""
        who = Address(Uri("sip", end.name, "x"))
        rel = (("Require", "100rel"),) if self.random.random() < 0.3 else ()
        order = InviteOrder(
            f"sip:x@{end.flow.remote[0]}", end.flow, who, Address(Uri("sip", "x", "x")), sdp, headers=rel
        )
        end.sessions.append(end.ua.invite(order, owner=self._new_owner(), now=self.now))

    def command(self) -> None:
        """An owner does something; what the state does not allow raises our own error and changes nothing."""
        end = self.ends[self.random.choice("ab")]
        if not end.sessions:
            return
        session = self.random.choice(end.sessions)
        before = session.is_over
        try:
            self._try(end, session)
        except LocalProtocolError:
            assert not before

    def _try(self, end: End, session: Session) -> None:
        doings: list[Callable[[], None]] = [
            lambda: self._hang_up(end, session),
            lambda: session.reinvite(SDP, now=self.now),
            lambda: session.options(now=self.now),
            lambda: self._update(session),
        ]
        if isinstance(session, ServerSession):
            server = session
            doings += [
                lambda: server.progress(self.random.choice((180, 183)), sdp=SDP, now=self.now),
                lambda: server.accept(SDP, now=self.now),
                lambda: server.accept(SDP, now=self.now),
                lambda: self._reject(end, server),
            ]
        elif isinstance(session, ClientSession):
            client = session
            doings += [
                lambda: client.cancel(now=self.now),
                lambda: client.acknowledge(SDP, now=self.now),
                lambda: client.acknowledge(SDP, now=self.now),
            ]
        self.random.choice(doings)()

    def _update(self, session: Session) -> None:
        session.update(now=self.now)

    def _hang_up(self, end: End, session: Session) -> None:
        over = session.is_over
        session.bye(now=self.now)
        if not over:
            end.hung_up.add(session.owner)

    def _reject(self, end: End, session: ServerSession) -> None:
        over = session.is_over or session.owner in end.hung_up
        session.reject(486, now=self.now)
        if not over:
            end.hung_up.add(session.owner)

    def crash(self) -> None:
        """One end loses everything but the snapshots of its live sessions."""
        if self.random.random() >= self.weather.crash:
            return
        self._drain()
        end = self.ends[self.random.choice("ab")]
        over = end.hung_up | set(end.ends)
        live = [s for s in end.sessions if not s.is_over and s.owner not in over]
        kept = [(s.owner, s.snapshot().values()) for s in live]
        end.ua = self._agent()
        end.sessions = [
            end.ua.restore(SessionSnapshot.from_values(values), owner=owner, now=self.now) for owner, values in kept
        ]

    # What must hold

    def check_agreement(self) -> None:
        """Where nothing is lost both sides of a call talk, or neither does."""
        one, other = (
            {session.sip_call_id for session in end.sessions if session.is_confirmed} for end in self.ends.values()
        )
        assert one == other

    def check(self) -> None:
        for end in self.ends.values():
            counts = end.ua.counts()
            assert (counts.dialogs, counts.transactions, counts.timers) == (0, 0, 0), end
            core = end.ua._core
            assert not core.sessions, end
            assert not core.layer._servers, end
            assert not core.layer._clients, end
            assert not core.layer._waiting, end
            assert not core.layer._merged, end
            assert end.ua.next_deadline() is None
            for session in end.sessions:
                told = end.ends.get(session.owner, [])
                most = 0 if session.owner in end.hung_up else 1
                assert session.is_over, (session.owner, session.state)
                assert len(told) <= 1, (session.owner, told)
                assert len(told) >= most, (session.owner, session.state)


def play(seed: int, weather: Weather, transport: str = "udp") -> World:
    world = World(seed, weather, transport)
    for _ in range(world.random.randint(1, 4)):
        world.call()
        world.run(world.now + world.random.random() * 2)
        for _ in range(world.random.randint(0, 14)):
            world.command()
            world.crash()
            world.run(world.now + world.random.choice((0.0, 0.05, 0.7, 5.0, 40.0)))
    world.run(world.now + QUIET_S)
    if not (weather.loss or weather.crash or weather.noise):
        world.check_agreement()
    for end in world.ends.values():
        for session in list(end.sessions):
            if session.is_confirmed:
                world._hang_up(end, session)
    world.run(world.now + QUIET_S)
    world.check()
    return world


WEATHERS = st.builds(
    Weather,
    loss=st.sampled_from((0.0, 0.1, 0.3, 0.6)),
    twice=st.sampled_from((0.0, 0.2)),
    delay_s=st.sampled_from((0.001, 0.2, 1.5)),
    crash=st.just(0.0),
)


@settings(max_examples=scale(150), deadline=None, database=None, derandomize=True)
@given(seed=st.integers(0, 2**32), weather=WEATHERS, transport=st.sampled_from(("udp", "udp", "tcp")))
def test_every_session_ends_and_nothing_is_left_whatever_the_network_does(
    seed: int, weather: Weather, transport: str
) -> None:
    play(seed, weather, transport)


@settings(max_examples=scale(100), deadline=None, database=None, derandomize=True)
@given(seed=st.integers(0, 2**32), loss=st.sampled_from((0.0, 0.1, 0.3)), delay_s=st.sampled_from((0.001, 0.2)))
def test_every_session_ends_and_nothing_is_left_though_ends_crash_and_go_on(
    seed: int, loss: float, delay_s: float
) -> None:
    play(seed, Weather(loss, 0.1, delay_s, 0.2))


@settings(max_examples=scale(100), deadline=None, database=None, derandomize=True)
@given(seed=st.integers(0, 2**32), noise=st.sampled_from((0.05, 0.3, 0.8)))
def test_garbled_messages_raise_nothing_and_leave_nothing(seed: int, noise: float) -> None:
    play(seed, Weather(0.05, 0.1, 0.2, 0.05, noise))
