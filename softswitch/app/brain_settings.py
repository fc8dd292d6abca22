"""What the brain must know of the configuration, as small frozen values; it sees no file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network

from softswitch import __version__
from softswitch.app.addresses import Network
from softswitch.calls.deadlines import Deadlines
from softswitch.directory.bans import GuardLimits
from softswitch.directory.registrar import RegistrationLimits
from softswitch.directory.site import ScenarioText, Trunk
from softswitch.sip.timers import Timers
from softswitch.speech.prompts import Prompts

LOCAL_NETWORKS = tuple(
    ip_network(text) for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)


@dataclass(frozen=True, slots=True)
class BrainSettings:
    """Domain, addresses and limits."""

    domain: str = "softswitch.local"
    advertise: str = ""
    local_networks: Sequence[Network] = LOCAL_NETWORKS
    stream_ports: Mapping[str, int] = field(default_factory=dict)
    """The port of a listener by transport, which Contact names."""
    allow: Sequence[Network] = ()
    """Networks that are never shut out, and whose calls are not counted."""
    guard: GuardLimits = field(default_factory=GuardLimits)
    datagram_octets: int = 0
    """Requests larger than this go by TCP where the peer takes it; 0: none do."""
    calls_each_source: int = 1000
    """Calls that may be going on from one address that is no trunk's."""
    local_for: Callable[[str, str], tuple[str, int] | None] = lambda transport, host: None
    """Our address towards a host by a transport, or None where there is no way."""
    password_of: Callable[[Trunk], str] = lambda trunk: ""
    """Reads the password towards a trunk."""
    earlier_scenario: Callable[[str], ScenarioText | None] = lambda version: None
    """Finds a scenario's version that is not in the loaded site, for calls that began with it."""
    trunk_probe_s: float = 0.0
    """How often hosts of trunks are asked whether they are there, in seconds; 0: never."""
    storage: str = ""
    """The storage directory, absolute."""
    recording: str = "on_demand"
    """Whether calls are recorded of which nobody says anything."""
    recording_failure: str = "go_on"
    """What becomes of a call that has to be recorded and cannot: ``go_on`` or ``refuse``."""
    recording_pause_s: float = 0.0
    """After how long a call that has to be recorded and was paused is recorded again; 0: when somebody says so."""
    prompts: Prompts = field(default_factory=Prompts)
    """What is recorded of the switch's own words."""
    language: str = "ru"
    """In which they are said where a caller has chosen none."""
    piper_voices: Mapping[str, str] = field(default_factory=dict)
    """By language, the path of a voice of the speech program Piper."""
    mail: Mapping[str, object] = field(default_factory=dict)
    """How mail is sent: host, port, tls, username, password_env, sender; empty: not at all."""
    voicemail_keep_s: float = 0.0
    """After how long messages are deleted; 0: never."""
    nonce_key: bytes = b""
    """Signs digest nonces; kept in a file so that they outlive the process."""
    media_key: bytes = b""
    """Seals the keys of SRTP that are kept; itself kept in a file so that it outlives the process."""
    deadlines: Deadlines = field(default_factory=Deadlines)
    registration: RegistrationLimits = field(default_factory=RegistrationLimits)
    timers: Timers = field(default_factory=Timers)
    product: str = f"softswitch/{__version__}"
