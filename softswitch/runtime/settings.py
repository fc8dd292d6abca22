"""What ``softswitch.toml`` may say, with its defaults. :mod:`softswitch.runtime.settings_file` reads it.

Only ``app`` and ``cli`` see these models; what stands below gets small frozen dataclasses.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from softswitch.runtime.addresses import (
    AddressError,
    HostPort,
    Listen,
    PortRange,
    parse_host_port,
    parse_listen,
    parse_port_range,
)

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
ParsedT = TypeVar("ParsedT")
_DOMAIN = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})*")


def wrong(what: str, cure: str) -> PydanticCustomError:
    """Make the error that a validator raises: what is wrong, and what to write instead."""
    return PydanticCustomError("setting", "{what}", {"what": what, "cure": cure})


def _parsed(parse: Callable[[str], ParsedT]) -> BeforeValidator:
    """Let a field be written as text that ``parse`` reads."""

    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return parse(value)
        except AddressError as error:
            raise wrong(error.what, error.cure) from None

    return BeforeValidator(read)


def _parse_network(text: str) -> IPNetwork:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise AddressError(
            f"'{text}' is not a network ({error})", "10.0.0.0/8, or 192.168.1.7 for one address"
        ) from None


def _split(value: object) -> object:
    """An environment variable holds a list as text with commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


Networks = Annotated[tuple[Annotated[IPNetwork, _parsed(_parse_network)], ...], BeforeValidator(_split)]


class Section(BaseModel):
    """One table of the file; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SipSettings(Section):
    """Where phones register."""

    domain: str = "softswitch.local"
    """The domain, and the realm of digest authentication."""
    listen: Annotated[tuple[Annotated[Listen, _parsed(parse_listen)], ...], BeforeValidator(_split)] = (
        Listen("udp", "0.0.0.0", 5060),  # noqa: S104  # a switch serves all its addresses unless told otherwise
        Listen("tcp", "0.0.0.0", 5060),  # noqa: S104  # as above
    )
    advertise: str = ""
    """Address for peers outside ``local_networks``; empty: the one that routes to the peer."""
    local_networks: Networks = tuple(
        _parse_network(text) for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
    )

    trunk_probe_s: int = Field(default=30, ge=0, le=3600)
    """How often trunks' hosts are asked by OPTIONS whether they are there; one that is not is tried last. 0: never."""

    udp_octets: int = Field(default=0, ge=0, le=65_000)
    """Requests larger than this go by TCP, and by UDP after all to peers that take none (RFC 3261 §18.1.1: 1300). 0:
    all stay on UDP, because many phones and providers listen for nothing else."""

    hep: str = ""
    """``HOST:PORT`` of a collector (Homer) that gets a copy of each SIP message as HEP3; empty: none does."""

    @field_validator("hep")
    @classmethod
    def _hep_is_an_address(cls, value: str) -> str:
        if value:
            try:
                parse_host_port(value)
            except AddressError:
                raise wrong(f"'{value}' is no address with a port", 'hep = "192.0.2.9:9060"') from None
        return value

    @field_validator("domain")
    @classmethod
    def _domain_is_a_name(cls, value: str) -> str:
        if _DOMAIN.fullmatch(value) is None:
            raise wrong(f"'{value}' is not a domain name", 'domain = "softswitch.local"')
        return value.lower()

    @field_validator("listen")
    @classmethod
    def _listen_somewhere_once(cls, value: tuple[Listen, ...]) -> tuple[Listen, ...]:
        if not value:
            raise wrong("the switch would listen nowhere", 'listen = ["udp:0.0.0.0:5060"]')
        for line in value:
            if value.count(line) > 1:
                raise wrong(f"'{line}' stands twice", f'listen = ["{line}"]')
        return value

    @field_validator("advertise")
    @classmethod
    def _advertise_is_an_address(cls, value: str) -> str:
        if value:
            _one_address(value)
        return value


def _one_address(value: str) -> None:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        raise wrong(f"'{value}' is not an IP address", 'advertise = "203.0.113.5"') from None
    if address.is_unspecified:
        raise wrong(f"no peer can reach '{value}'", 'advertise = "203.0.113.5"')


class TlsSettings(Section):
    """Certificates of SIP over TLS and secure WebSocket; files are PEM, relative as the storage directory is."""

    certificate: Path | None = None
    """Ours with those of its issuers; None: one that the switch signs itself, in the storage directory."""
    key: Path | None = None
    client_ca: Path | None = None
    """Who certifies phones; None: no phone is asked for a certificate."""
    client_required: bool = False
    """Whether a phone without a certificate is turned away."""
    peer_ca: Path | None = None
    """Who certifies trunks; None: whom the system believes."""

    @model_validator(mode="after")
    def _in_pairs(self) -> TlsSettings:
        if (self.certificate is None) != (self.key is None):
            raise wrong("certificate and key go together", "both tls.certificate and tls.key, or neither")
        if self.client_required and self.client_ca is None:
            raise wrong("client_required without client_ca lets nobody in", 'client_ca = "phones-ca.pem"')
        return self


class MediaSettings(Section):
    """Where sound flows."""

    ports: Annotated[PortRange, _parsed(parse_port_range)] = PortRange(16384, 32767)
    workers: int = Field(default=0, ge=0, le=256)
    """Media worker processes; 0: one per core, less one, at least one."""
    tones: Literal["RU", "EU", "US"] = "EU"
    """Whose ringback, busy and other tones callers hear."""


class StorageSettings(Section):
    """What the switch keeps, and where."""

    directory: Path = Path("var")
    """Relative to the folder of the settings file, or to the working directory where none is read."""
    database: str = ""
    """A SQLAlchemy URL; empty: SQLite in the directory."""


class JournalSettings(Section):
    """How facts are kept."""

    keep_days: int = Field(default=90, ge=1, le=36_500)
    """Older segments are removed; what call records are made of stays in the archive for ever."""
    sync_ms: int = Field(default=200, ge=5, le=10_000)
    """How long facts may wait for their sync: a power cut loses at most that."""
    segment_mb: int = Field(default=32, ge=1, le=1024)
    """A segment of this size is closed. A start folds what is in the open one."""
    segment_minutes: int = Field(default=60, ge=1, le=10_080)
    """A segment of this age is closed, too."""
    ring_mb: int = Field(default=64, ge=1, le=4096)
    """Memory in which facts wait for the disk: at 50 calls a second 64 MB last for three minutes."""


class ApiSettings(Section):
    """Where programs and pages talk to the switch."""

    listen: Annotated[HostPort, _parsed(parse_host_port)] = HostPort("127.0.0.1", 8080)


class RetentionRule(Section):
    """How long recordings of some calls are kept: those that have to do with all that it names."""

    queue: str = ""
    user: str = ""
    trunk: str = ""
    """That the call came in by."""
    number: str = ""
    """The caller's, or the one that was called."""
    keep_days: int = Field(default=0, ge=0, le=36_500)
    """Then they are deleted; 0: never."""

    @model_validator(mode="after")
    def _names_something(self) -> RetentionRule:
        if not (self.queue or self.user or self.trunk or self.number):
            raise wrong("a rule names no calls", 'queue, user, trunk or number, e.g. queue = "support"')
        return self


class RecordingSettings(Section):
    """Which calls are recorded where nothing else says so."""

    default: Literal["always", "on_demand", "never"] = "on_demand"
    on_failure: Literal["go_on", "refuse"] = "go_on"
    """What becomes of a call that has to be recorded and cannot: it goes on, or it is ended."""
    pause_s: int = Field(default=0, ge=0, le=3600)
    """A call that has to be recorded and is paused is recorded again after so long; 0: when somebody says so."""
    form: Literal["wav", "opus", "flac", "mp3"] = "wav"
    """What files become when their call is over, in a process of low priority."""
    encrypt: bool = False
    """Whether files are sealed when their call is over, so that only this switch can read them."""
    keep_days: int = Field(default=0, ge=0, le=36_500)
    """Older recordings are deleted; 0: none is."""
    keep_gb: float = Field(default=0.0, ge=0)
    """Where recordings take more than that, the oldest are deleted, but none that a rule keeps; 0: they may."""
    rules: tuple[RetentionRule, ...] = ()
    """The first that fits a call goes before ``keep_days``."""


class SpeechSettings(Section):
    """The programs that speak what is not recorded."""

    language: Literal["ru", "en"] = "ru"
    """In which the switch's own words are said to callers who have chosen no language."""
    piper_voices: dict[str, Path] = Field(default_factory=dict)
    """By language, the path of a voice's .onnx file; Piper is used where it is installed and has one."""


class VoicemailSettings(Section):
    """Messages of callers."""

    keep_days: int = Field(default=0, ge=0, le=36_500)
    """Older messages are deleted; 0: none are."""


class MailSettings(Section):
    """How messages go out by mail."""

    host: str = ""
    """The mail server; empty: nothing is sent."""
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password_env: str = ""
    """The environment variable with the password."""
    sender: str = "softswitch@localhost"


class CallsSettings(Section):
    """What holds for calls."""

    hold_reminder_s: float = Field(default=60.0, ge=0, le=86_400)
    """How often whoever lets somebody wait on hold is reminded of them; 0: never."""


class SecuritySettings(Section):
    """Who is trusted."""

    allow: Networks = ()
    """Networks that are never banned, and from which any number of calls may go on."""
    calls_each_source: int = Field(default=1000, ge=1, le=1_000_000)
    """Calls that may be going on from one address that is no trunk's."""


class StopSettings(Section):
    """How the switch stops."""

    drain_s: float = Field(default=30.0, ge=0, le=86_400)
    """How long calls may go on after SIGTERM, before they are ended politely."""


class LogSettings(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    form: Literal["auto", "terminal", "json"] = "auto"


class Settings(BaseSettings):
    """The whole file; the environment (``SOFTSWITCH_SIP__DOMAIN=...``) goes before it."""

    model_config = SettingsConfigDict(
        env_prefix="SOFTSWITCH_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        enable_decoding=False,
    )

    sip: SipSettings = SipSettings()
    tls: TlsSettings = TlsSettings()
    media: MediaSettings = MediaSettings()
    storage: StorageSettings = StorageSettings()
    journal: JournalSettings = JournalSettings()
    api: ApiSettings = ApiSettings()
    recording: RecordingSettings = RecordingSettings()
    speech: SpeechSettings = SpeechSettings()
    voicemail: VoicemailSettings = VoicemailSettings()
    mail: MailSettings = MailSettings()
    calls: CallsSettings = CallsSettings()
    security: SecuritySettings = SecuritySettings()
    stop: StopSettings = StopSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment override what the file says; read nothing else."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    def dump(self) -> dict[str, Any]:
        """Return all values as JSON can hold them; ``handed_settings`` makes the same of them again."""
        return {
            "sip": {
                "domain": self.sip.domain,
                "listen": [str(line) for line in self.sip.listen],
                "advertise": self.sip.advertise,
                "local_networks": [str(network) for network in self.sip.local_networks],
                "trunk_probe_s": self.sip.trunk_probe_s,
                "udp_octets": self.sip.udp_octets,
                "hep": self.sip.hep,
            },
            "tls": self.tls.model_dump(mode="json"),
            "media": {"ports": str(self.media.ports), "workers": self.media.workers, "tones": self.media.tones},
            "storage": {"directory": str(self.storage.directory), "database": self.storage.database},
            "journal": self.journal.model_dump(),
            "api": {"listen": str(self.api.listen)},
            "recording": self.recording.model_dump(mode="json"),
            "speech": self.speech.model_dump(mode="json"),
            "voicemail": self.voicemail.model_dump(),
            "mail": self.mail.model_dump(),
            "calls": self.calls.model_dump(),
            "security": {
                "allow": [str(network) for network in self.security.allow],
                "calls_each_source": self.security.calls_each_source,
            },
            "stop": {"drain_s": self.stop.drain_s},
            "log": {"level": self.log.level, "form": self.log.form},
        }
