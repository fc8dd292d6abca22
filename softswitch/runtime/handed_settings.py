"""Settings as the processes of the switch are handed them: checked already, so no pydantic is needed to read them.

Importing pydantic and building its models takes longer than all else that a brain does before it answers phones, and
``softswitch run`` has done it for all processes.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from softswitch.runtime.addresses import parse_host_port, parse_listen, parse_port_range

if TYPE_CHECKING:
    from softswitch.runtime.settings import Settings


def handed_settings(dumped: dict[str, Any]) -> Settings:
    """Make the settings again that :meth:`Settings.dump` wrote, whatever the environment says now.

    Returns:
        Plain objects with the attributes of :class:`Settings` and its sections, and none of their methods.
    """
    sections = {name: SimpleNamespace(**values) for name, values in dumped.items()}
    sip, tls, security = sections["sip"], sections["tls"], sections["security"]
    sip.listen = tuple(parse_listen(line) for line in sip.listen)
    sip.local_networks = tuple(ipaddress.ip_network(each) for each in sip.local_networks)
    security.allow = tuple(ipaddress.ip_network(each) for each in security.allow)
    for name in ("certificate", "key", "client_ca", "peer_ca"):
        given = getattr(tls, name)
        setattr(tls, name, None if given is None else Path(given))
    sections["recording"].rules = tuple(SimpleNamespace(**rule) for rule in sections["recording"].rules)
    speech = sections["speech"]
    speech.piper_voices = {language: Path(given) for language, given in speech.piper_voices.items()}
    sections["media"].ports = parse_port_range(sections["media"].ports)
    sections["storage"].directory = Path(sections["storage"].directory)
    sections["api"].listen = parse_host_port(sections["api"].listen)
    return cast("Settings", SimpleNamespace(**sections))
