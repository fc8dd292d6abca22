"""What idle phones cost in memory: TLS connections held open and registrations, all processes of the switch together.

Usage: python -m bench.connections [--tls N] [--registrations N]
"""

from __future__ import annotations

import argparse
import asyncio
import re
import ssl
import subprocess
import tempfile
import time
from hashlib import md5
from pathlib import Path

from bench.measuring import report
from bench.sip_load import PROGRAM, SWITCH, pids_of

CONTACTS = 10
"""Registrations a user."""


def memory_mb(pids: dict[str, int]) -> float:
    """Add up the proportional set sizes of the processes, so that shared pages count once."""
    total = 0
    for pid in pids.values():
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        total += int(found[1]) if found else 0
    return total / 1024


def register(number: int, credentials: str, cseq: int, transport: str) -> bytes:
    """Write a REGISTER of one phone of a user."""
    user, phone = 2000 + number // CONTACTS, f"p{number}"
    return (
        f"REGISTER sip:{SWITCH} SIP/2.0\r\n"
        f"Via: SIP/2.0/{transport} {phone}.invalid;branch=z9hG4bK{phone}-{cseq};rport\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:{user}@{SWITCH}>;tag={phone}\r\nTo: <sip:{user}@{SWITCH}>\r\n"
        f"Call-ID: {phone}\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:{user}@{phone}.invalid>\r\nExpires: 3600\r\n"
        f"{credentials}Content-Length: 0\r\n\r\n"
    ).encode()


def answer(number: int, challenge: str) -> str:
    """Answer a challenge."""
    user = 2000 + number // CONTACTS
    uri = f"sip:{SWITCH}"
    realm, nonce = (re.search(rf'{key}="([^"]*)"', challenge)[1] for key in ("realm", "nonce"))  # type: ignore[index]

    def hexed(text: str) -> str:
        return md5(text.encode(), usedforsecurity=False).hexdigest()

    ha1, ha2 = hexed(f"{user}:{realm}:secret-{user}"), hexed(f"REGISTER:{uri}")
    response = hexed(f"{ha1}:{nonce}:00000001:c:auth:{ha2}")
    return (
        f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
        f'response="{response}", qop=auth, nc=00000001, cnonce="c"\r\n'
    )


async def phone(number: int, tls: ssl.SSLContext | None) -> asyncio.StreamWriter:
    """Open a connection and register by it."""
    transport = "TCP" if tls is None else "TLS"
    port = 5060 if tls is None else 5061
    reader, writer = await asyncio.open_connection(SWITCH, port, ssl=tls, server_hostname=SWITCH if tls else None)
    writer.write(register(number, "", 1, transport))
    challenge = (await reader.readuntil(b"\r\n\r\n")).decode()
    writer.write(register(number, answer(number, challenge), 2, transport))
    final = await reader.readuntil(b"\r\n\r\n")
    if not final.startswith(b"SIP/2.0 200"):
        raise RuntimeError(final.decode())
    return writer


async def hold(directory: Path, pids: dict[str, int], *, tls: int, registrations: int) -> dict[str, float]:
    """Register by TLS connections that stay, and by TCP connections that go; return what that costs."""
    before = memory_mb(pids)
    context = ssl.create_default_context(cafile=directory / "var" / "tls" / "certificate.pem")
    started = time.monotonic()
    held = []
    for first in range(0, tls, 50):
        held += await asyncio.gather(*(phone(n, context) for n in range(first, min(first + 50, tls))))
    took_s = time.monotonic() - started
    with_tls = memory_mb(pids)
    for first in range(tls, registrations, 50):
        made = await asyncio.gather(*(phone(n, None) for n in range(first, min(first + 50, registrations))))
        held += made
    figures = {
        "idle_mb": before,
        "with_tls_mb": with_tls,
        "kb_each_tls": 1024 * (with_tls - before) / max(1, tls),
        "with_all_mb": memory_mb(pids),
        "tls_registrations_per_s": tls / took_s,
    }
    for writer in held:
        writer.transport.abort()
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tls", type=int, default=1000)
    parser.add_argument("--registrations", type=int, default=5000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        users = range(2000, 2000 + options.registrations // CONTACTS + 1)
        lines = "".join(f'  - {{name: u{n}, extension: "{n}", password: secret-{n}}}\n' for n in users)
        (directory / "site.yaml").write_text(f"users:\n{lines}")
        config = directory / "softswitch.toml"
        config.write_text(
            f'[sip]\nlisten = ["udp:{SWITCH}:5060", "tcp:{SWITCH}:5060", "tls:{SWITCH}:5061"]\n'
            f'[storage]\ndirectory = "{directory / "var"}"\n[api]\nlisten = "{SWITCH}:8080"\n'
        )
        log = (directory / "log").open("wb")
        command = [PROGRAM, "run", "--config", str(config), "--site", str(directory / "site.yaml")]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            pids = pids_of(config, process, directory)
            held = hold(directory, pids, tls=options.tls, registrations=options.registrations)
            report("connections", asyncio.run(held))
        finally:
            process.terminate()
            process.wait(20)
            log.close()


if __name__ == "__main__":
    main()
