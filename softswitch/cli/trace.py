"""``softswitch trace``: the SIP messages of a call."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from softswitch.api.client import SwitchClient
from softswitch.cli.ladder import drawn, picture
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json
from softswitch.cli.pcap import capture
from softswitch.runtime.settings_file import load_settings


def trace(
    conversation: Annotated[str, typer.Argument(help="The conversation's id, as 'calls' has it.")],
    *,
    messages: Annotated[bool, typer.Option("--messages", help="Print the messages as they were.")] = False,
    svg: Annotated[Path | None, typer.Option("--svg", help="Draw the ladder into this file.")] = None,
    pcap: Annotated[Path | None, typer.Option("--pcap", help="Write a capture that tshark reads.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Draw the ladder of a call that is going on or was a moment ago. Passwords and keys are not shown.

    Example: softswitch trace 01J8Z3K4M5 --pcap call.pcap
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.trace(conversation)
    if svg is not None:
        svg.write_text(picture(found), encoding="utf-8")
    if pcap is not None:
        pcap.write_bytes(capture(map(_sent, found)))
    if as_json:
        print_json(found)
    elif messages:
        print("\n".join(f"{_head(each)}\n{each['text']}" for each in found))
    else:
        print(drawn(found))


def _head(message: dict[str, Any]) -> str:
    arrow = "->" if message["sent"] else "<-"
    return f"{message['at']} {message['transport']} {message['local']} {arrow} {message['remote']}"


def _sent(message: dict[str, Any]) -> tuple[float, tuple[str, int], tuple[str, int], bytes]:
    local, remote = _address(message["local"]), _address(message["remote"])
    source, destination = (local, remote) if message["sent"] else (remote, local)
    return datetime.fromisoformat(message["at"]).timestamp(), source, destination, message["text"].encode()


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
