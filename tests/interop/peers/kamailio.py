"""Kamailio: a proxy that phones register through, and a carrier that the switch registers at."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.interop.peers.namespace import Namespace
from tests.waiting import PATIENCE_S

_HEAD = """\
debug=2
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
listen=udp:{host}:{port}
alias="{host}"
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "xlog.so"
{modules}
modparam("rr", "enable_double_rr", 0)
"""
_WITHIN_DIALOGS = """\
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
    if (has_totag()) {
        if (loose_route()) { xlog("L_ALERT", "WITHIN $rm $ci\\n"); t_relay(); exit; }
        if (is_method("ACK")) { if (t_check_trans()) { t_relay(); } exit; }
        sl_send_reply("404", "Not here");
        exit;
    }
    if (is_method("OPTIONS") && $rU == $null) { sl_send_reply("200", "OK"); exit; }
"""
EDGE = (
    _HEAD.replace("{modules}", 'loadmodule "path.so"')
    + """\
request_route {{
"""
    + _WITHIN_DIALOGS.replace("{", "{{").replace("}", "}}")
    + """\
    t_check_trans();
    loose_route();  # takes our own entry away; false where it was the last of a preloaded route
    if ($sp == 5060) {{  # from the switch, which sends from its port
        if (is_method("INVITE|SUBSCRIBE")) {{ record_route(); }}
        xlog("L_ALERT", "INWARDS $rm $ru\\n");
        t_relay();
        exit;
    }}
    if (is_method("REGISTER")) {{ add_path(); }} else {{ record_route(); }}
    xlog("L_ALERT", "OUTWARDS $rm $ru\\n");
    $du = "sip:{behind}";
    t_relay();
}}
"""
)
"""A proxy in front of the switch: stays in the way of registrations by Path, and of calls by Record-Route."""
CARRIER = (
    _HEAD.replace("{modules}", "\n".join(f'loadmodule "{name}.so"' for name in ("usrloc", "registrar", "auth")))
    + """\
request_route {{
"""
    + _WITHIN_DIALOGS.replace("{", "{{").replace("}", "}}")
    + """\
    t_check_trans();
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("{host}", "{password}", "0")) {{ www_challenge("{host}", "0"); exit; }}
        save("location");
        exit;
    }}
    if ($fU == "{user}") {{
        if (!pv_proxy_authenticate("{host}", "{password}", "0")) {{ proxy_challenge("{host}", "0"); exit; }}
        consume_credentials();
        $ru = "sip:{subscriber}";
    }} else if (!lookup("location")) {{ sl_send_reply("404", "Not registered"); exit; }}
    record_route();
    xlog("L_ALERT", "CALL $rm $ru from $fU\\n");
    t_relay();
}}
"""
)
"""A carrier: a registrar with digest that challenges calls with 407, and a subscriber whom all numbers lead to."""


class Kamailio:
    """One running Kamailio.

    Args:
        space: the namespace it runs in.
        directory: a folder for its files.
        text: its configuration, with ``{name}`` for values.
        host: its address.
        port: its port.
        values: what is put into the text.
    """

    def __init__(
        self, space: Namespace, directory: Path, text: str, *, host: str, port: int = 5060, **values: str
    ) -> None:
        self._space = space
        self._address = (host, port)
        config = directory / f"kamailio-{host}.cfg"
        config.write_text(text.format(host=host, port=port, **values))
        self._log = directory / f"kamailio-{host}.log"
        words = ["kamailio", "-f", str(config), "-DD", "-E", "-m", "16", "-M", "4", "-w", str(directory)]
        words += ["-Y", str(directory), "-P", str(directory / f"kamailio-{host}.pid")]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                space.command(words), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.close()
            raise

    def seen(self, pattern: str) -> list[str]:
        """Return the lines that it logged of that pattern."""
        return re.findall(pattern, self._log.read_text(errors="replace"))

    def _wait_until_ready(self) -> None:
        host, port = self._address
        with self._space.entered():
            asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with asking:
            asking.bind(("127.0.0.1", 0))
            asking.settimeout(0.1)
            own = f"127.0.0.1:{asking.getsockname()[1]}"
            question = (
                f"OPTIONS sip:{host}:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKready;rport\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:{own}>;tag=1\r\nTo: <sip:{host}:{port}>\r\nCall-ID: ready\r\n"
                "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
            ).encode()
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline:
                assert self._process.poll() is None, self._log.read_text(errors="replace")[-3000:]
                try:
                    asking.sendto(question, self._address)
                    if asking.recv(4096).startswith(b"SIP/2.0 200"):
                        return
                except (TimeoutError, ConnectionError):
                    continue
        raise AssertionError(f"Kamailio is not ready\n{self._log.read_text(errors='replace')[-3000:]}")

    def close(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
