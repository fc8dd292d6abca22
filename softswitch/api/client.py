"""The API as commands use it: over the unix socket of a running switch."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from urllib.parse import quote

import httpx

from softswitch.core.errors import CommandError

SOCKET: Final = Path("run") / "switch.sock"
"""Where the socket lies in the storage directory."""

_TIMEOUT_S: Final = 30.0
_LOAD_S: Final = 300.0
"""The switch takes a large site a little at a time, and calls go before."""
_PAGE: Final = 1000
"""Items of a list that are asked for at once: :data:`softswitch.api.paging.PAGE`."""


class SwitchClient:
    """Asks a running switch; use it in a ``with`` statement.

    Args:
        directory: the storage directory of the switch.

    Raises:
        CommandError: on entering ``not-running`` when there is no switch, or ``other-user``; from its methods what
            the switch said.
    """

    def __init__(self, directory: Path) -> None:
        self._path = str(directory / SOCKET)
        # Without a context of its own httpx reads all certificates of the world first, for a socket that needs none.
        transport = httpx.HTTPTransport(uds=self._path, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._http = httpx.Client(transport=transport, base_url="http://localhost/api/v1", timeout=_TIMEOUT_S)

    def __enter__(self) -> SwitchClient:
        _knock(self._path)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def status(self) -> dict[str, Any]:
        """Return :class:`softswitch.api.view.StatusView` as JSON has it."""
        found: dict[str, Any] = self._ask("GET", "/status")
        return found

    def registrations(self) -> list[dict[str, Any]]:
        """Return the :class:`softswitch.api.view.RegistrationView` as JSON has them."""
        return self._all("/registrations")

    def trunks(self) -> list[dict[str, Any]]:
        """Return the :class:`softswitch.api.view.TrunkView` as JSON has them."""
        found: list[dict[str, Any]] = self._ask("GET", "/trunks")
        return found

    def calls(self) -> list[dict[str, Any]]:
        """Return the :class:`softswitch.api.view.CallView` as JSON has them."""
        return self._all("/calls")

    def trace(self, conversation_id: str) -> list[dict[str, Any]]:
        """Return the :class:`softswitch.api.view.MessageView` of a conversation as JSON has them."""
        found: list[dict[str, Any]] = self._ask("GET", f"/trace/{quote(conversation_id, safe='')}")
        return found

    def bans(self) -> list[dict[str, Any]]:
        """Return the :class:`softswitch.api.view.BanView` as JSON has them."""
        found: list[dict[str, Any]] = self._ask("GET", "/bans")
        return found

    def lift_ban(self, source: str) -> dict[str, Any]:
        """Let a source in again; return the ban that was lifted."""
        found: dict[str, Any] = self._ask("DELETE", "/bans", params={"source": source})
        return found

    def voicemail(self, box: str) -> list[dict[str, Any]]:
        """Return the :class:`softswitch.api.voicemail_view.VoicemailView` of a box, or of all, as JSON has them."""
        found: list[dict[str, Any]] = self._ask("GET", "/voicemail", params={"box": box})
        return found

    def voicemail_file(self, box: str, message: str) -> bytes:
        """Return the recording of a message."""
        return self._get(f"/voicemail/{box}/{message}")

    def delete_voicemail(self, box: str, message: str) -> None:
        """Delete a message."""
        self._send("DELETE", f"/voicemail/{box}/{message}")

    def subscriptions(self) -> list[dict[str, Any]]:
        """Return the :class:`softswitch.api.phones_view.SubscriptionView` as JSON has them."""
        found: list[dict[str, Any]] = self._ask("GET", "/subscriptions")
        return found

    def resync(self, extension: str, *, reboot: bool, contact: str = "") -> list[dict[str, Any]]:
        """Tell phones to look at their configuration; return which were told what."""
        path = f"/phones/{quote(extension, safe='')}/resync"
        found: list[dict[str, Any]] = self._ask("POST", path, json={"reboot": reboot, "contact": contact})
        return found

    def statuses(self) -> list[dict[str, Any]]:
        """Return the :class:`softswitch.api.people_view.StatusRowView` as JSON has them."""
        found: list[dict[str, Any]] = self._ask("GET", "/statuses")
        return found

    def agents(self) -> list[dict[str, Any]]:
        """Return the :class:`softswitch.api.people_view.AgentView` as JSON has them."""
        return self._all("/agents")

    def queues(self) -> list[dict[str, Any]]:
        """Return the :class:`softswitch.api.queues_view.QueueView` as JSON has them."""
        found: list[dict[str, Any]] = self._ask("GET", "/queues")
        return found

    def queue(self, name: str) -> dict[str, Any]:
        """Return one queue as JSON has it."""
        found: dict[str, Any] = self._ask("GET", f"/queues/{quote(name, safe='')}")
        return found

    def end_work(self, user: str, what: str) -> dict[str, Any]:
        """End a user's wrap-up (``wrap-up``) or block (``block``); return the user."""
        found: dict[str, Any] = self._ask("DELETE", f"/users/{quote(user, safe='')}/{what}")
        return found

    def choose_status(self, user: str, status: str) -> dict[str, Any]:
        """Set a user's status; return the user."""
        found: dict[str, Any] = self._ask("PUT", f"/users/{quote(user, safe='')}/status", json={"status": status})
        return found

    def log_into_queues(self, user: str, queue: str, *, logged_in: bool) -> dict[str, Any]:
        """Log a user in to a queue or out of it (all, where none is named); return the user."""
        wanted = {"queue": queue, "logged_in": logged_in}
        found: dict[str, Any] = self._ask("PUT", f"/users/{quote(user, safe='')}/queues", json=wanted)
        return found

    def forward(self, user: str, kind: str, target: str, after_s: float) -> dict[str, Any]:
        """Let a user's calls go elsewhere, or with an empty target no more; return the user."""
        wanted = {"kind": kind, "target": target, "after_s": after_s}
        found: dict[str, Any] = self._ask("PUT", f"/users/{quote(user, safe='')}/forwards", json=wanted)
        return found

    def refuse_calls(self, user: str, *, wanted: bool) -> dict[str, Any]:
        """Set or lift a user's do-not-disturb; return the user."""
        path = f"/users/{quote(user, safe='')}/do-not-disturb"
        found: dict[str, Any] = self._ask("PUT", path, json={"wanted": wanted})
        return found

    def line(self, user: str) -> list[dict[str, Any]]:
        """Return a user's calls, the :class:`softswitch.api.control_view.LineCallView` as JSON has them."""
        found: list[dict[str, Any]] = self._ask("GET", f"/users/{quote(user, safe='')}/calls")
        return found

    def conferences(self) -> list[dict[str, Any]]:
        """Return the :class:`softswitch.api.conference_view.ConferenceView` as JSON has them."""
        found: list[dict[str, Any]] = self._ask("GET", "/conferences")
        return found

    def targets(self, user: str, *, everybody: bool) -> list[dict[str, Any]]:
        """Return the :class:`softswitch.api.control_view.TargetView` of a user as JSON has them."""
        path = f"/users/{quote(user, safe='')}/targets"
        return self._all(path, everybody=everybody)

    def dial(self, user: str, **wanted: object) -> list[dict[str, Any]]:
        """Ring a user's phones, then a number; return the user's calls."""
        found: list[dict[str, Any]] = self._ask("POST", f"/users/{quote(user, safe='')}/calls", json=wanted)
        return found

    def pick_up(self, user: str, number: str) -> list[dict[str, Any]]:
        """Let a user's phones take a call that rings at a number; return the user's calls."""
        path = f"/users/{quote(user, safe='')}/pickup"
        found: list[dict[str, Any]] = self._ask("POST", path, json={"number": number})
        return found

    def parked(self) -> list[dict[str, Any]]:
        """Return the :class:`softswitch.api.control_view.ParkedView` as JSON has them."""
        found: list[dict[str, Any]] = self._ask("GET", "/parked")
        return found

    def retrieve(self, user: str, slot: str) -> list[dict[str, Any]]:
        """Let a user's phones take whoever waits in a slot; return the user's calls."""
        path = f"/users/{quote(user, safe='')}/retrieve"
        found: list[dict[str, Any]] = self._ask("POST", path, json={"slot": slot})
        return found

    def command(self, leg: str, command: str, **wanted: object) -> dict[str, Any]:
        """Give a command about a leg; return the leg as it is then."""
        found: dict[str, Any] = self._ask("POST", f"/legs/{quote(leg, safe='')}/{command}", json=wanted or None)
        return found

    def information(self, leg: str) -> dict[str, Any]:
        """Return the :class:`softswitch.api.control_view.InformationView` of a leg's call as JSON has it."""
        found: dict[str, Any] = self._ask("GET", f"/legs/{quote(leg, safe='')}/information")
        return found

    def tag(self, leg: str, tags: list[str]) -> dict[str, Any]:
        """Say what a leg's call is about; return what is known about it then."""
        found: dict[str, Any] = self._ask("PUT", f"/legs/{quote(leg, safe='')}/tags", json={"tags": tags})
        return found

    def note(self, leg: str, text: str) -> dict[str, Any]:
        """Write the note of a leg's user about their call; return what is known about it then."""
        found: dict[str, Any] = self._ask("PUT", f"/legs/{quote(leg, safe='')}/note", json={"text": text})
        return found

    def record(self, leg: str, *, wanted: bool) -> dict[str, Any]:
        """Begin or end the recording of a leg's call; return :class:`softswitch.api.recordings_view.RecordedView`."""
        found: dict[str, Any] = self._ask("POST", f"/legs/{quote(leg, safe='')}/record/{'start' if wanted else 'stop'}")
        return found

    def access_recording(self, recording: str, how: str, by: str) -> Path:
        """Return a recording's file; that is kept as a fact."""
        wanted = {"how": how, "by": by}
        found = self._ask("POST", f"/recordings/{quote(recording, safe='')}/access", json=wanted)
        return Path(found["path"])

    def delete_recording(self, recording: str, by: str, why: str) -> None:
        """Delete a recording; that is kept as a fact."""
        self._ask("DELETE", f"/recordings/{quote(recording, safe='')}", params={"by": by, "why": why})

    def converted_recording(self, recording: str, path: str) -> None:
        """Say that a file of another form took the place of a recording's."""
        self._ask("PUT", f"/recordings/{quote(recording, safe='')}/file", json={"path": path})

    def load_site(self, compiled: bytes, *, dry_run: bool = False) -> list[str]:
        """Load a compiled site and return the difference, a line each."""
        given = {"content": compiled, "params": {"dry_run": dry_run}, "timeout": _LOAD_S}
        difference: list[str] = self._send("POST", "/site", **given).json()["difference"]
        return difference

    def _all(self, path: str, **params: bool) -> list[dict[str, Any]]:
        """Return a list that comes a page at a time."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._ask("GET", path, params={**params, "limit": str(_PAGE), "offset": str(len(found))})
            found += page
            if len(page) < _PAGE:
                return found

    def _ask(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, object] | None = None,
        params: Mapping[str, bool | str] | None = None,
    ) -> Any:  # noqa: ANN401  # JSON
        return self._send(method, path, json=json, params=params).json()

    def _get(self, path: str) -> bytes:
        return self._send("GET", path).content

    def _send(self, method: str, path: str, **given: Any) -> httpx.Response:  # noqa: ANN401  # handed on to httpx
        try:
            answer = self._http.request(method, path, **given)
        except httpx.HTTPError as error:
            raise CommandError(f"The switch did not answer: {error}", status=503, error_id="no-answer") from error
        if answer.is_error:
            raise _refusal(answer)
        return answer


def _knock(path: str) -> None:
    """Connect once: the system's own error tells why nobody opens."""
    with socket.socket(socket.AF_UNIX) as knocking:
        try:
            knocking.connect(path)
        except PermissionError:
            text = "Only the user who runs the switch may ask it; run this command as that user."
            raise CommandError(text, status=403, error_id="other-user") from None
        except OSError:
            text = "The switch is not running here. Start it with: softswitch run"
            raise CommandError(text, status=503, error_id="not-running") from None


def _refusal(answer: httpx.Response) -> CommandError:
    """Turn a problem (RFC 9457) back into the error that it was."""
    try:
        told = answer.json()
        return CommandError(
            told["detail"], status=answer.status_code, error_id=told["error_id"], field=told.get("field", "")
        )
    except (ValueError, KeyError, TypeError):
        return CommandError(f"The switch answered {answer.status_code}", status=answer.status_code, error_id="unknown")
