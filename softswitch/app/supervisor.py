"""The parent of all processes: holds what must outlive them, starts them, restarts whichever dies, ends them in order.

Standard library only, and nothing of the product: what can break or be upgraded must not break this process. It parses
no configuration: ``softswitch run`` opens the sockets, becomes this program, and leaves it a plan as JSON::

    {"ready": 7,                          a pipe: "ready" is written to it once; its end without that means failure
     "sip": [{"transport": "udp", "host": "10.0.0.5", "port": 5060, "descriptor": 8}, ...],
     "api": [9], "api_unix": 10,          listening sockets of the HTTP API
     "ring_octets": 67108864, "workers": 1,
     "programs": {"writer": [...], "worker": [...], "brain": [...]},          their command lines
     "options": {...}}                    handed on to them unread

What a child finds is told in ``processes.py``. A brain that opens another socket later leaves it here, over ``news``.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import time
from typing import Any, Final, NoReturn

STOP_ORDER: Final = ("brain", "worker", "writer")
PATIENCE_S: Final = {"brain": 10.0, "worker": 5.0, "writer": 20.0}
LONGEST_BACK_OFF_S: Final = 5.0
STEADY_S: Final = 20.0
IDLE_S: Final = 60.0


class Child:
    """A process that ought to run."""

    def __init__(self, role: str, number: int = 0) -> None:
        self.role, self.number = role, number
        self.name = f"{role}-{number}" if role == "worker" else role
        self.process: subprocess.Popen[bytes] | None = None
        self.ready = False
        self.ready_pipe = -1
        self.started_s = self.not_before_s = 0.0
        self.failures = 0


class Supervisor:
    """Everything that is held, and the loop around it."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.selector = selectors.DefaultSelector()
        self.life = os.pipe()
        self.ring = os.memfd_create("softswitch-facts")
        os.ftruncate(self.ring, plan["ring_octets"])
        self.controls = [control_pair() for _ in range(plan["workers"])]
        self.news: socket.socket | None = None
        self.brain = Child("brain")
        self.children = [Child("writer"), *(Child("worker", n) for n in range(plan["workers"])), self.brain]
        self.told_ready = self.stopping = False
        self.stop_deadline_s = 0.0
        self.exit_code = 0
        self.on_terminal = os.isatty(2)

    def run(self) -> int:
        """Serve until told to stop; return the exit code."""
        self.catch_signals()
        while not self.stopping or any(child.process for child in self.children):
            now = time.monotonic()
            patience_s = self.stop_due(now) if self.stopping else self.start_due(now)
            for key, _ in self.selector.select(patience_s):
                key.data(key.fd)
        return self.exit_code

    def catch_signals(self) -> None:
        """Turn signals into events of the loop, and let as many descriptors be open as the system allows."""
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        self.selector.register(reader, selectors.EVENT_READ, self.signalled)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def signalled(self, reader: int) -> None:
        """Act on the signals that came: SIGHUP is the brain's, unless it means that our terminal was closed."""
        for number in os.read(reader, 512):
            if number == signal.SIGHUP and not (self.on_terminal and not os.isatty(2)):
                self.kill("brain", signal.SIGHUP)
            elif number != signal.SIGCHLD:
                self.stop(0)
        self.reap()

    # Starting

    def start_due(self, now: float) -> float:
        """Start what is due; return the seconds until something else is. Nobody needs another to be ready first."""
        for child in self.children:
            if child.process is None and child.not_before_s <= now:
                self.start(child, now)
        waiting = [child.not_before_s - now for child in self.children if child.process is None]
        return min(waiting, default=IDLE_S)

    def start(self, child: Child, now: float) -> None:
        """Start a child with the descriptors of its role, and tell the brain of it."""
        child.ready_pipe, theirs = os.pipe()
        given = self.given_to(child) | {"ready": theirs}
        singles = [given[name] for name in ("life", "ready", "ring", "news", "api_unix") if given[name] >= 0]
        passed = [*singles, *given["controls"], *given["api"], *(line["descriptor"] for line in given["sip"])]
        child.process = subprocess.Popen(  # noqa: S603  # the plan comes from our own launcher
            self.plan["programs"][child.role],
            stdin=subprocess.DEVNULL,
            process_group=0,
            pass_fds=passed,
            env={**os.environ, "SOFTSWITCH_PROCESS": json.dumps(given)},
        )
        child.started_s = now
        os.close(theirs)
        self.selector.register(child.ready_pipe, selectors.EVENT_READ, lambda _: self.heard(child))
        if child is self.brain:
            os.close(given["news"])
        else:
            self.tell_brain({"pids": self.pids()})

    def given_to(self, child: Child) -> dict[str, Any]:
        """Put together what the child's role needs."""
        given: dict[str, Any] = {"role": child.role, "number": child.number, "options": self.plan["options"]}
        given |= {"life": self.life[0], "pids": self.pids(), "ring": -1 if child.role == "worker" else self.ring}
        given |= {"controls": [], "news": -1, "sip": [], "api": [], "api_unix": -1}
        if child.role == "worker":
            given["controls"] = [self.controls[child.number][1].fileno()]
        if child is self.brain:
            given |= {name: self.plan[name] for name in ("sip", "api", "api_unix")}
            given |= {"controls": [pair[0].fileno() for pair in self.controls], "news": self.renew_news()}
        return given

    def renew_news(self) -> int:
        """Make the socket pair between us and a new brain; return its end, which is closed here once it is given."""
        if self.news is not None:
            with contextlib.suppress(KeyError):
                self.selector.unregister(self.news)
            self.news.close()
        news, theirs = control_pair()
        news.setblocking(False)
        self.selector.register(news, selectors.EVENT_READ, lambda _: self.hold_socket(news))
        self.news = news
        return theirs.detach()

    def hold_socket(self, news: socket.socket) -> None:
        """The brain leaves a socket that it opened, so that the next brain finds it."""
        message, held, _, _ = socket.recv_fds(news, 65536, 1)
        if message and held:
            self.plan["sip"].append(json.loads(message) | {"descriptor": held[0]})
        elif not message:
            self.selector.unregister(news)

    def heard(self, child: Child) -> None:
        """A child says that it is ready, or has closed its pipe."""
        child.ready = os.read(child.ready_pipe, 64).startswith(b"ready")
        self.close_ready_pipe(child)
        if not self.told_ready and all(each.ready for each in self.children):
            self.told_ready = True
            with contextlib.suppress(OSError):
                os.write(self.plan["ready"], b"ready\n")
            os.close(self.plan["ready"])

    def close_ready_pipe(self, child: Child) -> None:
        """Forget a child's pipe."""
        if child.ready_pipe >= 0:
            self.selector.unregister(child.ready_pipe)
            os.close(child.ready_pipe)
            child.ready_pipe = -1

    def pids(self) -> dict[str, int]:
        """Return the running processes by name."""
        return {"supervisor": os.getpid()} | {each.name: each.process.pid for each in self.children if each.process}

    def tell_brain(self, message: dict[str, Any]) -> None:
        """Send news to a brain that runs; one that starts finds all in its variable."""
        if self.news is None or self.brain.process is None:
            return
        try:
            self.news.send(json.dumps(message).encode())
        except OSError as error:
            say("news.lost", reason=error.strerror)

    # Ending

    def reap(self) -> None:
        """Take note of ended processes, also of those that are none of ours."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                for child in self.children:
                    if child.process and child.process.pid == pid:
                        child.process.returncode = os.waitstatus_to_exitcode(status)
                        self.ended(child, child.process.returncode)

    def ended(self, child: Child, code: int) -> None:
        """Decide what follows from the end of a child: another start, the next step of stopping, or giving up."""
        child.process, child.ready = None, False
        self.close_ready_pipe(child)
        if self.stopping:
            if not any(each.process and each.role == child.role for each in self.children):
                self.stop_next()
            return
        reason = f"signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"exit code {code}"
        if not self.told_ready:
            say("start.failed", process=child.name, reason=reason)
            self.stop(2 if code == 2 else 1)
            return
        now = time.monotonic()
        child.failures = 0 if now - child.started_s > STEADY_S else child.failures + 1
        delay_s = min(LONGEST_BACK_OFF_S, 0.1 * 2**child.failures) if child.failures > 1 else 0.0
        child.not_before_s = now + delay_s
        say("process.died", process=child.name, reason=reason, again_in_s=round(delay_s, 1))

    def stop(self, code: int) -> None:
        """Begin to stop; asked a second time, end everything at once."""
        if self.stopping:
            self.kill_all()
            return
        say("switch.stopping")
        self.stopping, self.exit_code = True, code
        self.stop_next()

    def stop_next(self) -> None:
        """Ask the first role that still runs to end: the brain, when it is gone the workers, at last the writer."""
        for role in STOP_ORDER:
            if any(child.process and child.role == role for child in self.children):
                self.stop_deadline_s = time.monotonic() + PATIENCE_S[role]
                self.kill(role, signal.SIGTERM)
                return

    def stop_due(self, now: float) -> float:
        """Lose patience with a process that does not end; return the seconds until then."""
        if now >= self.stop_deadline_s:
            self.stop_deadline_s = now + 1
            self.kill_all()
        return self.stop_deadline_s - now

    def kill_all(self) -> None:
        """End every process at once."""
        self.exit_code = self.exit_code or 1
        for role in STOP_ORDER:
            self.kill(role, signal.SIGKILL)

    def kill(self, role: str, number: int) -> None:
        """Send a signal to the processes of a role."""
        for child in self.children:
            if child.process and child.role == role:
                os.kill(child.process.pid, number)


def control_pair() -> tuple[socket.socket, socket.socket]:
    """Make a socket pair that keeps the bounds of messages."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def say(event: str, **values: object) -> None:
    """Write a line to standard error, in the form of the other processes' logs."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = {"at": at, "level": "info", "role": "supervisor", "event": event, **values}
    text = " ".join(f"{key}={value}" for key, value in line.items()) if os.isatty(2) else json.dumps(line)
    with contextlib.suppress(OSError):
        os.write(2, f"{text}\n".encode())


def main() -> NoReturn:
    """Read the plan from the descriptor that the command line names, and serve."""
    with os.fdopen(int(sys.argv[1])) as source, contextlib.suppress(OSError), open("/proc/self/comm", "w") as comm:
        plan = json.load(source)
        comm.write("softswitch")
    sys.exit(Supervisor(plan).run())


if __name__ == "__main__":
    main()
