"""The parent of all processes: holds what must outlive them, starts them, restarts whichever dies, ends them in order.

Standard library only, and nothing of the product: what can break or be upgraded must not break this process. It parses
no configuration: ``softswitch run`` opens the sockets, becomes this program, and leaves it a plan as JSON::

    {"ready": 7,                          a pipe: "ready" is written to it once; its end without that means failure
     "sip": [{"transport": "udp", "host": "10.0.0.5", "port": 5060, "descriptor": 8}, ...],
     "api": [9], "api_unix": 10,          listening sockets of the HTTP API
     "ring": 11,                          memory for facts between brain and writer
     "workers": 1, "drain_s": 30,
     "programs": {"writer": [...], "worker": [...], "brain": [...]}, "options": {handed on to them unread}}

SIGINT ends all calls politely and stops; SIGTERM lets them go on for ``drain_s`` first; a second one hurries, a third
kills. SIGHUP is the brain's. SIGUSR2 upgrades: brain and writer are started from the code installed now, and new
workers stand beside the old ones, which end with their last leg. ``supervisor_link.py`` tells what the brain may say.
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
HURRIED_S, LONGEST_BACK_OFF_S, STEADY_S = 2.0, 5.0, 20.0


class Child:
    """A process that ought to run; a worker's number is never given again."""

    def __init__(self, role: str, number: int = 0) -> None:
        self.role, self.number = role, number
        self.name = f"{role}-{number}" if role == "worker" else role
        self.process: subprocess.Popen[bytes] | None = None
        self.control: socket.socket | None = None  # the brain's end of a worker's socket pair; our end of the brain's
        self.ready = self.retiring = self.upgraded = False
        self.ready_pipe, self.failures = -1, 0
        self.started_s = self.not_before_s = 0.0


class Supervisor:
    """Everything that is held, and the loop around it."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.selector = selectors.DefaultSelector()
        self.life = os.pipe()
        self.ring = plan["ring"]
        self.brain = Child("brain")
        self.workers = plan["workers"]  # how many there ever were
        self.children = [Child("writer"), *(Child("worker", n) for n in range(self.workers)), self.brain]
        self.told_ready = self.stopping = self.hurried = False
        self.asked, self.stop_deadline_s, self.exit_code = "", 0.0, 0
        self.restarts = dict.fromkeys(STOP_ORDER, 0)
        self.on_terminal = os.isatty(2)
        self.systemd = os.environ.pop("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        self.watchdog_s = float(os.environ.pop("WATCHDOG_USEC", "0")) / 2e6 or 60.0  # half of what systemd waits

    def run(self) -> int:
        """Serve until told to stop; return the exit code."""
        self._prepare()
        while not self.stopping or any(child.process for child in self.children):
            now = time.monotonic()
            patience_s = self._stop_due(now) if self.stopping else self._start_due(now)
            for key, _ in self.selector.select(min(patience_s, self.watchdog_s)):
                key.data(key.fd)
            self._tell_systemd("WATCHDOG=1")
        return self.exit_code

    def _prepare(self) -> None:
        """Turn signals into events of the loop, take many descriptors, be the last that a full memory kills."""
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        self.selector.register(reader, selectors.EVENT_READ, self._signalled)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
            score.write("-1000")  # needs a privilege; children raise theirs above ours in any case

    def _signalled(self, reader: int) -> None:
        for number in os.read(reader, 512):
            if number == signal.SIGHUP and not (self.on_terminal and not os.isatty(2)):
                self._kill("brain", signal.SIGHUP)
            elif number == signal.SIGUSR2:
                self._upgrade()
            elif number != signal.SIGCHLD:
                self._stop(0, signal.SIGTERM if number == signal.SIGTERM else signal.SIGINT)
        self._reap()

    def _tell_systemd(self, state: str) -> None:
        if self.systemd:  # sd_notify(3)
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as teller:
                # Where it does not listen for a while, processes are looked after nevertheless.
                teller.settimeout(0.0 if state == "WATCHDOG=1" else 1.0)
                teller.sendto(state.encode(), self.systemd)

    def _start_due(self, now: float) -> float:
        for child in self.children:
            if child.process is None and child.not_before_s <= now:
                self._start(child, now)
        return min((child.not_before_s - now for child in self.children if child.process is None), default=60.0)

    def _start(self, child: Child, now: float) -> None:
        child.ready_pipe, theirs = os.pipe()
        ours, end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # the writer has no use for its own
        given = self._given_to(child, end.fileno()) | {"ready": theirs}
        passed = [given[name] for name in ("life", "ready", "ring", "news", "api_unix") if given[name] >= 0]
        passed += [*given["api"], *(each["descriptor"] for each in (*given["sip"], *given["controls"]))]
        child.process = subprocess.Popen(  # noqa: S603  # the plan comes from our own launcher
            self.plan["programs"][child.role],
            stdin=subprocess.DEVNULL,
            process_group=0,
            pass_fds=passed,
            env={**os.environ, "SOFTSWITCH_PROCESS": json.dumps(given)},
        )
        child.started_s = now
        os.close(theirs)
        self.selector.register(child.ready_pipe, selectors.EVENT_READ, lambda _: self._heard(child))
        end.close()
        child.control = ours
        if child is self.brain:
            ours.setblocking(False)
            self.selector.register(ours, selectors.EVENT_READ, lambda _: self._hear_brain(ours))
        else:
            self._tell_brain({child.role: child.number}, ours if child.role == "worker" else None)

    def _given_to(self, child: Child, end: int) -> dict[str, Any]:
        given: dict[str, Any] = {"role": child.role, "number": child.number, "options": self.plan["options"]}
        given |= {"life": self.life[0], "ring": -1 if child.role == "worker" else self.ring, **self._processes()}
        given |= {"controls": [], "news": -1, "sip": [], "api": [], "api_unix": -1}
        if child.role == "worker":
            given["controls"] = [{"number": child.number, "descriptor": end}]
        if child is self.brain:
            given |= {"news": end} | {name: self.plan[name] for name in ("sip", "api", "api_unix")}
            given["controls"] = [
                {"number": each.number, "descriptor": each.control.fileno()}
                for each in self.children
                if each.role == "worker" and each.process and each.control
            ]
        return given

    def _hear_brain(self, news: socket.socket) -> None:
        data, held = b"", list[int]()
        with contextlib.suppress(ConnectionError):  # it died and left something unread
            data, held, _, _ = socket.recv_fds(news, 65536, 1)
        if not data:
            self.selector.unregister(news)
            news.close()
        message = json.loads(data or "{}")
        if held:
            self.plan["sip"].append(message | {"descriptor": held[0]})
        for child in [each for each in self.children if each.role == "worker"]:
            if child.number == message.get("replace"):
                self._replace(child)
            elif child.number == message.get("retired") and child.process:
                os.kill(child.process.pid, signal.SIGTERM)

    def _upgrade(self) -> None:
        say("switch.upgrading")
        for child in self.children[:]:
            if child.role == "worker":
                self._replace(child)
            elif child.process:
                child.upgraded = True
                os.kill(child.process.pid, signal.SIGUSR2 if child is self.brain else signal.SIGTERM)

    def _replace(self, child: Child) -> None:
        if not child.retiring and not self.stopping:
            child.retiring = True
            self.children.insert(-1, Child("worker", self.workers))
            self.workers += 1
            self._tell_brain({})

    def _heard(self, child: Child) -> None:
        child.ready = os.read(child.ready_pipe, 64).startswith(b"ready")
        self.selector.unregister(child.ready_pipe)
        os.close(child.ready_pipe)
        child.ready_pipe = -1
        if not self.told_ready and all(each.ready for each in self.children):
            self.told_ready = True
            with contextlib.suppress(OSError):
                os.write(self.plan["ready"], b"ready\n")
            os.close(self.plan["ready"])
            self._tell_systemd("READY=1")

    def _processes(self) -> dict[str, Any]:
        pids = {each.name: each.process.pid for each in self.children if each.process}
        retiring = [each.number for each in self.children if each.retiring]
        return {"pids": {"supervisor": os.getpid(), **pids}, "retiring": retiring, "restarts": self.restarts}

    def _tell_brain(self, message: dict[str, Any], control: socket.socket | None = None) -> None:
        if self.brain.process and self.brain.control:  # one that starts finds all in its variable
            try:
                descriptors = [control.fileno()] if control else []
                socket.send_fds(self.brain.control, [json.dumps(message | self._processes()).encode()], descriptors)
            except OSError as error:
                say("news.lost", reason=error.strerror)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                for child in self.children[:]:
                    if child.process and child.process.pid == pid:
                        child.process.returncode = os.waitstatus_to_exitcode(status)
                        self._ended(child, child.process.returncode)

    def _ended(self, child: Child, code: int) -> None:
        if child.ready_pipe >= 0:
            self._heard(child)
        child.process, child.ready = None, False
        if child.role == "worker" and child.control:
            child.control.close()
        if child.retiring:
            self.children.remove(child)
        reason = f"signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"exit code {code}"
        if self.stopping:
            self._stop_next()
        elif child.retiring or child.upgraded:
            child.upgraded = False
            say("process.ended", process=child.name, reason=reason)
        elif not self.told_ready:
            say("start.failed", process=child.name, reason=reason)
            self._stop(2 if code == 2 else 1, signal.SIGINT)
        else:
            self._start_later(child, reason, time.monotonic())

    def _start_later(self, child: Child, reason: str, now: float) -> None:
        self.restarts[child.role] += 1
        child.failures = 0 if now - child.started_s > STEADY_S else child.failures + 1
        delay_s = min(LONGEST_BACK_OFF_S, 0.1 * 2**child.failures) if child.failures > 1 else 0.0
        child.not_before_s = now + delay_s
        say("process.died", process=child.name, reason=reason, again_in_s=round(delay_s, 1))

    def _stop(self, code: int, number: signal.Signals) -> None:
        if self.hurried:
            self.stop_deadline_s = 0.0
        elif self.stopping:
            self.hurried = True
            self.stop_deadline_s = time.monotonic() + HURRIED_S
            self._kill("brain", signal.SIGINT)
        else:
            say("switch.stopping")
            self._tell_systemd("STOPPING=1")
            self.stopping, self.exit_code = True, code
            self._stop_next(number)

    def _stop_next(self, number: int = signal.SIGTERM) -> None:
        running = {child.role for child in self.children if child.process}
        role = next((role for role in STOP_ORDER if role in running), "")
        if role and role != self.asked:
            self.asked = role
            drain_s = self.plan["drain_s"] if role == "brain" and number == signal.SIGTERM else 0.0
            self.stop_deadline_s = time.monotonic() + (HURRIED_S if self.hurried else PATIENCE_S[role] + drain_s)
            self._kill(role, number if role == "brain" else signal.SIGTERM)

    def _stop_due(self, now: float) -> float:
        if now >= self.stop_deadline_s:
            self.stop_deadline_s, self.exit_code = now + 1, self.exit_code or 1
            for role in STOP_ORDER:
                self._kill(role, signal.SIGKILL)
        return self.stop_deadline_s - now

    def _kill(self, role: str, number: int) -> None:
        for child in self.children:
            if child.process and child.role == role:
                os.kill(child.process.pid, number)


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
