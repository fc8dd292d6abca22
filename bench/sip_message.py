"""What a SIP message costs: an INVITE with SDP is parsed, nine headers and the SDP are read, and it is written again.

No two messages of a run are alike, nor is one used twice: tags, branch, Call-ID, nonce and session description are
new in each, as on a wire. Of ``site`` the phones are two thousand that call over and over; of ``strangers`` every
address and URI is new as well, so that no cache ever helps. Beside them runs a bare splitter: head at its line ends,
lines at their colons, nine look-ups, joined again; it knows nothing of SIP, and tells how fast the machine is.

Usage: python -m bench.sip_message [--messages N] [--runs N]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.measuring import interleaved, report
from softswitch.sdp import parse_sdp
from softswitch.sip.message import Message
from softswitch.sip.parse import parse_message

_PHONES = 2000
_WANTED = (b"Via", b"From", b"To", b"Call-ID", b"CSeq", b"Contact", b"Max-Forwards", b"Authorization", b"Content-Type")


def description(chance: random.Random, address: str) -> str:
    """Return the offer of a desk phone."""
    session, port = chance.randrange(10**9), 2 * chance.randrange(8192, 16384)
    return (
        f"v=0\r\no=- {session} {session} IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 8 0 9 18 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
        "a=rtpmap:9 G722/8000\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n"
        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
        "a=ptime:20\r\na=sendrecv\r\n"
    )


def invite(chance: random.Random, caller: int, callee: int) -> bytes:
    """Return an INVITE from one phone to another."""
    address = f"10.{caller >> 16 & 255}.{caller >> 8 & 255}.{caller & 255}"
    token = f"{chance.getrandbits(64):016x}"
    sdp = description(chance, address)
    lines = (
        f"INVITE sip:{callee}@pbx.example.net SIP/2.0",
        f"Via: SIP/2.0/UDP {address}:5060;branch=z9hG4bK{token};rport",
        f'From: "Anna Petrova" <sip:{caller}@pbx.example.net>;tag={token[::-1]}',
        f"To: <sip:{callee}@pbx.example.net>",
        f"Call-ID: {token}-{chance.getrandbits(32)}@{address}",
        f"CSeq: {chance.randrange(1, 1000)} INVITE",
        f"Contact: <sip:{caller}@{address}:5060;transport=udp>",
        "Max-Forwards: 70",
        f'Authorization: Digest username="{caller}", realm="pbx.example.net", nonce="{chance.getrandbits(224):056x}", '
        f'uri="sip:{callee}@pbx.example.net", response="{chance.getrandbits(128):032x}", algorithm=MD5, '
        f'cnonce="{token}", qop=auth, nc=00000001',
        "User-Agent: Yealink SIP-T46G 28.72.0.1",
        "Allow: INVITE, INFO, PRACK, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REGISTER, SUBSCRIBE, REFER, UPDATE, MESSAGE",
        "Supported: replaces, timer",
        "Allow-Events: talk, hold, conference, refer, check-sync",
        "Content-Type: application/sdp",
        f"Content-Length: {len(sdp)}",
        "",
        sdp,
    )
    return "\r\n".join(lines).encode()


def messages(count: int, seed: int, *, strangers: bool) -> list[bytes]:
    """Return that many INVITEs, all different."""
    chance = random.Random(seed)  # noqa: S311  # the same messages each time
    if strangers:
        return [invite(chance, number, number + 2**23) for number in chance.sample(range(2**23), count)]
    return [invite(chance, 1000 + chance.randrange(_PHONES), 1000 + chance.randrange(_PHONES)) for _ in range(count)]


def read_nine_headers(message: Message) -> None:
    """Read each as what it is: typed where the switch has a type for it."""
    _ = message.via, message.from_, message.to, message.call_id, message.cseq, message.contacts
    _ = message.max_forwards, message.get("Authorization"), message.content_type


def whole(data: bytes) -> None:
    """Do all that is measured."""
    message = parse_message(data)
    read_nine_headers(message)
    parse_sdp(message.sdp)
    message.to_bytes()


def parsed_only(data: bytes) -> None:
    """Do the first part."""
    parse_message(data)


def parsed_and_read(data: bytes) -> None:
    """Do the first two parts."""
    read_nine_headers(parse_message(data))


def bare_splitter(data: bytes) -> None:
    """Split and join, knowing nothing."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    found = {}
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        found[name] = value.strip()
    for name in _WANTED:
        found[name]
    b"".join((b"\r\n".join(lines), b"\r\n\r\n", body))


def microseconds_each(work: Callable[[bytes], None], given: Sequence[bytes]) -> float:
    """Return the CPU time of ``work`` for one message."""
    start = time.process_time()
    for data in given:
        work(data)
    return 1e6 * (time.process_time() - start) / len(given)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    seeds = iter(range(10**6))

    def measure(work: Callable[[bytes], None], *, strangers: bool = False) -> Callable[[], dict[str, float]]:
        def run() -> dict[str, float]:
            given = messages(options.messages, next(seeds), strangers=strangers)
            return {"us_each": microseconds_each(work, given), "octets": sum(map(len, given)) / len(given)}

        return run

    microseconds_each(whole, messages(2 * _PHONES, next(seeds), strangers=False))
    measures = {
        "bare_splitter": measure(bare_splitter),
        "site": measure(whole),
        "strangers": measure(whole, strangers=True),
        "site_parsed_only": measure(parsed_only),
        "site_parsed_and_read": measure(parsed_and_read),
    }
    report("sip_message", interleaved(options.runs, measures))


if __name__ == "__main__":
    main()
