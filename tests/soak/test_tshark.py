"""What ``softswitch trace --pcap`` writes, read by tshark. Part of ``make soak``, which installs it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from softswitch.cli.pcap import capture
from softswitch.sip.message import Request, Response
from softswitch.sip.parse import parse_message
from tests.component.test_trace import called

_FIELDS = ("ip.src", "udp.srcport", "ip.dst", "udp.dstport", "sip.Method", "sip.Status-Code", "udp.checksum.status")


def test_tshark_reads_each_message_of_a_call_with_its_ends_and_right_checksums(tmp_path: Path) -> None:
    messages, wanted = [], []
    for each in called():
        ends = (each.flow.local, each.flow.remote) if each.sent else (each.flow.remote, each.flow.local)
        messages.append((each.wall_s, *ends, each.data))
        read = parse_message(each.data)
        said = (read.method, "") if isinstance(read, Request) else ("", str(read.status))
        assert isinstance(read, Request | Response)
        wanted.append("\t".join((*(str(part) for end in ends for part in end), *said, "1")))
    path = tmp_path / "call.pcap"
    path.write_bytes(capture(messages))
    shown = [part for name in _FIELDS for part in ("-e", name)]
    command = [
        "tshark",
        "-r",
        str(path),
        "-o",
        "udp.check_checksum:TRUE",
        "-Y",
        "sip and not _ws.malformed",
        "-T",
        "fields",
    ]
    done = subprocess.run([*command, *shown], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == wanted
