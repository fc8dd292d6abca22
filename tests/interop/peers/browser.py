"""A SIP client over WebSocket, as a browser has it: octets written by hand over the ``websockets`` library."""

from __future__ import annotations

import re
import ssl
from contextlib import ExitStack
from hashlib import md5
from itertools import count
from secrets import token_hex
from types import TracebackType

from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.interop.peers.namespace import Namespace
from tests.waiting import PATIENCE_S

_SDP = """\
v=0\r
o=- 1 1 IN IP4 {host}\r
s=-\r
c=IN IP4 {host}\r
t=0 0\r
m=audio {port} RTP/AVP 0 8\r
a=sendrecv\r
"""


def _hex(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


class Browser:
    """One connection with the account of an extension; its Via and Contact name no host (RFC 7118 §5).

    Args:
        space: the namespace it runs in.
        url: ``ws://`` or ``wss://``.
        extension: its SIP user; the password is ``secret-`` and it.
        trusted: for ``wss://``.
    """

    def __init__(self, space: Namespace, url: str, extension: str, trusted: ssl.SSLContext | None = None) -> None:
        self._open = ExitStack()
        with space.entered():
            connecting = connect(url, subprotocols=[Subprotocol("sip")], ssl=trusted, open_timeout=PATIENCE_S)
            self._socket = self._open.enter_context(connecting)
        self.extension = extension
        self.host = f"b{extension}.invalid"
        self._numbers = count(1)
        self._once = token_hex(4)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()

    def send(self, text: str) -> None:
        """Send a message as it stands."""
        self._socket.send(text)

    def receive(self) -> str:
        """Return the next message."""
        found = self._socket.recv(timeout=PATIENCE_S)
        return found if isinstance(found, str) else found.decode()

    def final(self) -> str:
        """Return the next final response."""
        while (answer := self.receive()).startswith("SIP/2.0 1"):
            pass
        return answer

    def ask(self, method: str, uri: str, *, to: str = "", more: str = "", body: str = "") -> str:
        """Send a request outside a dialog, answer its challenge, and return the final response."""
        call_id, tag = f"c{next(self._numbers)}x{self._once}", "t1"

        def request(cseq: int, credentials: str) -> str:
            kind = "Content-Type: application/sdp\r\n" if body else ""
            return (
                f"{method} {uri} SIP/2.0\r\n"
                f"Via: SIP/2.0/WS {self.host};branch=z9hG4bK{call_id}{cseq}\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:{self.extension}@example.net>;tag={tag}\r\nTo: <{to or uri}>\r\n"
                f"Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n"
                f"Contact: <sip:{self.extension}@{self.host};transport=ws>\r\n{more}{credentials}{kind}"
                f"Content-Length: {len(body)}\r\n\r\n{body}"
            )

        self.send(request(1, ""))
        answer = self.final()
        if not answer.startswith("SIP/2.0 401"):
            return answer
        if method == "INVITE":
            self.send(self.ack(answer, uri, cseq=1, branch=f"z9hG4bK{call_id}1"))
        self.send(request(2, self._credentials(answer, method, uri)))
        return self.final()

    def _credentials(self, answer: str, method: str, uri: str) -> str:
        realm, nonce = (re.search(rf'{key}="([^"]*)"', answer)[1] for key in ("realm", "nonce"))  # type: ignore[index]
        ha1 = _hex(f"{self.extension}:{realm}:secret-{self.extension}")
        response = _hex(f"{ha1}:{nonce}:00000001:c:auth:{_hex(f'{method}:{uri}')}")
        return (
            f'Authorization: Digest username="{self.extension}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
            f'response="{response}", qop=auth, nc=00000001, cnonce="c", algorithm=MD5\r\n'
        )

    def ack(self, answer: str, uri: str, *, cseq: int, branch: str) -> str:
        """Write the ACK of a final response."""
        kept = "".join(f"{line}\r\n" for line in answer.split("\r\n") if line.startswith(("From:", "To:", "Call-ID:")))
        via = f"Via: SIP/2.0/WS {self.host};branch={branch}\r\n"
        return f"ACK {uri} SIP/2.0\r\n{via}Max-Forwards: 70\r\n{kept}CSeq: {cseq} ACK\r\nContent-Length: 0\r\n\r\n"

    def register(self, expires_s: int = 120) -> str:
        """Register and return the answer."""
        uri = "sip:127.0.0.1"
        to = f"sip:{self.extension}@example.net"
        return self.ask("REGISTER", uri, to=to, more=f"Expires: {expires_s}\r\n")


def description(host: str, port: int) -> str:
    """Write an offer of G.711."""
    return _SDP.format(host=host, port=port)


def header(message: str, name: str) -> str:
    """Return a header's value."""
    found = re.search(rf"^{name}: (.*?)\r$", message, re.MULTILINE)
    assert found is not None, message
    return found[1]
