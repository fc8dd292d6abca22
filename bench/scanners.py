"""What a phone notices of scanners: the time until its calls are answered, in quiet and beside guesses and sweeps.

Usage: python -m bench.scanners [--calls N] [--guesses N] [--runs N]

10,000 REGISTERs with wrong answers to a challenge come from one address while the phone calls, and INVITE, OPTIONS and
REGISTER for 2,000 extensions from another one. Each pair of runs is in quiet first, and beside the scanners then, whose
bans are lifted in between. The requirement: the 99th percentile of the time until the answer is within twice of quiet.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import subprocess
import threading
import time
from pathlib import Path

from bench.call_setup import credentials
from bench.measuring import interleaved, report
from bench.sip_load import CALLER, NET, PROGRAM, SWITCH, called_phone, running_switch, sipp

GUESSER, SWEEPER = NET + "9", NET + "10"
SWEPT = 2000


def request(method: str, extension: int, host: str, number: int, more: str = "") -> bytes:
    """Write a scanner's request."""
    return (
        f"{method} sip:{extension}@{SWITCH} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {host}:5060;branch=z9hG4bKscan{number};rport\r\nMax-Forwards: 70\r\n"
        f"From: <sip:{extension}@{SWITCH}>;tag=s{number}\r\nTo: <sip:{extension}@{SWITCH}>\r\n"
        f"Call-ID: scan{number}\r\nCSeq: 1 {method}\r\nContact: <sip:{extension}@{host}:5060>\r\n{more}"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def guess(number: int) -> str:
    """Answer a challenge that nobody gave, wrongly."""
    return (
        f'Authorization: Digest username="2001", realm="softswitch.local", nonce="n{number}", uri="sip:{SWITCH}", '
        f'response="{number:032x}", algorithm=MD5\r\n'
    )


class Scanners:
    """Both scanners, in a thread of their own, spread over a time.

    Args:
        guesses: how many REGISTERs.
        seconds: in how long.
    """

    def __init__(self, guesses: int, seconds: float) -> None:
        self.answered = 0
        self._guesses = guesses
        self._seconds = seconds
        self._numbers = iter(range(time.monotonic_ns(), 1 << 62))
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def join(self) -> int:
        """Wait until all is sent; return how many answers came."""
        self._thread.join()
        return self.answered

    def _run(self) -> None:
        with self._bound(GUESSER) as guesser, self._bound(SWEEPER) as sweeper:
            started = time.monotonic()
            for number in range(self._guesses):
                name = next(self._numbers)
                guesser.sendto(request("REGISTER", 2001, GUESSER, name, guess(name)), (SWITCH, 5060))
                if number % max(1, self._guesses // SWEPT) == 0:
                    self._sweep(sweeper, number)
                ahead_s = started + self._seconds * number / self._guesses - time.monotonic()
                if ahead_s > 0:
                    time.sleep(ahead_s)
                self._count(guesser)
            time.sleep(0.5)
            self._count(guesser)
            self._count(sweeper)

    def _bound(self, host: str) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((host, 5060))
        made.setblocking(False)
        return made

    def _sweep(self, sweeper: socket.socket, number: int) -> None:
        for method in ("INVITE", "OPTIONS", "REGISTER"):
            name = next(self._numbers)
            sweeper.sendto(request(method, 1000 + number % 9000, SWEEPER, name), (SWITCH, 5060))
        self._count(sweeper)

    def _count(self, sock: socket.socket) -> None:
        try:
            while sock.recv(65536):
                self.answered += 1
        except BlockingIOError:
            return


def answered_ms(directory: Path, count: int, rate: int) -> list[float]:
    """Make calls; return the milliseconds until each was answered."""
    for old in directory.glob("*_rtt.csv"):
        old.unlink()
    words = ["-m", str(count), "-r", str(rate), "-d", "200", "-inf", str(credentials(directory))]
    words += ["-trace_rtt", "-rtt_freq", "1"]
    counts = sipp(directory, *words, scenario="call_challenged.xml", address=CALLER, port=5092)
    if counts["failed"]:
        raise RuntimeError(f"{counts['failed']} calls failed")
    [times] = _times(directory)
    return [float(line.split(";")[1]) for line in times.read_text().splitlines()[1:]]


def _times(directory: Path) -> list[Path]:
    """SIPp writes this file beside the scenario or where it was started."""
    here = list(directory.glob("*_rtt.csv"))
    return here or list((Path(__file__).parent / "sipp").glob("*_rtt.csv"))


def percentiles(times: list[float]) -> dict[str, float]:
    """Return the median and the 99th percentile."""
    return {"p50_ms": statistics.median(times), "p99_ms": statistics.quantiles(times, n=100)[98]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--rate", type=int, default=40)
    parser.add_argument("--guesses", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with running_switch() as (directory, _), called_phone(directory):
        answered_ms(directory, 50, 50)

        def quiet() -> dict[str, float]:
            return percentiles(answered_ms(directory, options.calls, options.rate))

        def scanned() -> dict[str, float]:
            scanners = Scanners(options.guesses, options.calls / options.rate)
            figures = percentiles(answered_ms(directory, options.calls, options.rate))
            figures["answers_to_scanners"] = scanners.join()
            for source in (GUESSER, SWEEPER):
                config = str(directory / "softswitch.toml")
                words = [PROGRAM, "bans", "lift", source, "--config", config]
                figures["bans_lifted"] = figures.get("bans_lifted", 0) + (
                    subprocess.run(words, capture_output=True, check=False).returncode == 0
                )
            return figures

        figures = interleaved(options.runs, {"quiet": quiet, "scanned": scanned})
    ratio = figures["scanned"]["p99_ms"]["median"] / figures["quiet"]["p99_ms"]["median"]
    report("scanners", {**figures, "p99_ratio": ratio})


if __name__ == "__main__":
    main()
