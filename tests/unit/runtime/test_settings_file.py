from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from softswitch.core.errors import ConfigurationError, Problem
from softswitch.runtime.addresses import HostPort, Listen, PortRange
from softswitch.runtime.handed_settings import handed_settings
from softswitch.runtime.settings import Settings
from softswitch.runtime.settings_file import line_of, load_settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("SOFTSWITCH_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "softswitch.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path | None) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path)
    return caught.value.problems


def test_without_a_file_the_documented_defaults_serve(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.sip.domain == "softswitch.local"
    assert settings.sip.listen == (Listen("udp", "0.0.0.0", 5060), Listen("tcp", "0.0.0.0", 5060))
    assert [str(network) for network in settings.sip.local_networks] == [
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "fc00::/7",
    ]
    assert settings.media.ports == PortRange(16384, 32767)
    assert settings.media.workers == 0
    assert settings.storage.directory == tmp_path / "var"
    assert settings.api.listen == HostPort("127.0.0.1", 8080)
    assert settings.recording.default == "on_demand"
    assert settings.security.allow == ()
    assert settings.security.calls_each_source == 1000


def test_the_file_of_the_working_directory_is_read(tmp_path: Path) -> None:
    write(tmp_path, '[sip]\ndomain = "Tel.Example.COM"\n')
    assert load_settings().sip.domain == "tel.example.com"


def test_every_key_may_be_written(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
[sip]
domain = "example.com"
listen = ["udp:127.0.0.1:5070", "udp:[::1]:5070"]
advertise = "203.0.113.5"
local_networks = ["10.1.0.0/16", "192.168.1.7"]
[media]
ports = "20000-20999"
workers = 3
[storage]
directory = "state"
database = "postgresql+psycopg://u:p@db/softswitch"
[api]
listen = "[::1]:8081"
[recording]
default = "never"
[security]
allow = ["198.51.100.0/24"]
[log]
level = "debug"
form = "json"
""",
    )
    settings = load_settings(path)
    assert settings.sip.listen == (Listen("udp", "127.0.0.1", 5070), Listen("udp", "::1", 5070))
    assert [str(network) for network in settings.sip.local_networks] == ["10.1.0.0/16", "192.168.1.7/32"]
    assert settings.media.ports == PortRange(20000, 20999)
    assert settings.storage.directory == tmp_path / "state"
    assert settings.log.level == "debug"


def test_a_directory_is_relative_to_the_file_that_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    path = folder / "softswitch.toml"
    path.write_text('[storage]\ndirectory = "state"\n')
    assert load_settings(path).storage.directory == folder / "state"
    path.write_text("")
    assert load_settings(path).storage.directory == folder / "var"
    monkeypatch.setenv("SOFTSWITCH_STORAGE__DIRECTORY", "elsewhere")
    assert load_settings(path).storage.directory == tmp_path / "elsewhere"


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, '[sip]\ndomain = "file.example"\nadvertise = "203.0.113.5"\n')
    monkeypatch.setenv("SOFTSWITCH_SIP__DOMAIN", "environment.example")
    monkeypatch.setenv("SOFTSWITCH_SIP__LISTEN", "udp:127.0.0.1:5070, tcp:127.0.0.1:5070")
    monkeypatch.setenv("SOFTSWITCH_MEDIA__WORKERS", "2")
    monkeypatch.setenv("SOFTSWITCH_SECURITY__ALLOW", "")
    settings = load_settings(path)
    assert settings.sip.domain == "environment.example"
    assert settings.sip.advertise == "203.0.113.5"
    assert settings.sip.listen == (Listen("udp", "127.0.0.1", 5070), Listen("tcp", "127.0.0.1", 5070))
    assert settings.media.workers == 2


def test_settings_survive_being_dumped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
        sip.listen = ["udp:[::1]:5070"]
        security.allow = ["198.51.100.0/24"]
        stop.drain_s = 7
        media.tones = "RU"
        journal.sync_ms = 100
        recording.default = "never"
        log.level = "debug"
        tls.peer_ca = "peers.pem"
    """
    path = write(tmp_path, text)
    settings = load_settings(path)
    monkeypatch.setenv("SOFTSWITCH_SIP__DOMAIN", "changed.example")
    handed = handed_settings(json.loads(json.dumps(settings.dump())))
    for name in Settings.model_fields:
        section = getattr(settings, name)
        assert vars(getattr(handed, name)) == {key: getattr(section, key) for key in type(section).model_fields}


MISTAKES = [
    ('[sip]\ndomian = "x"\n', 2, "unknown key 'domian' in [sip]", "did you mean 'domain'?"),
    ('[spi]\ndomain = "x"\n', 1, "unknown section [spi]", "did you mean 'sip'?"),
    ("[sip]\nxyzzy = 1\n", 2, "unknown key 'xyzzy'", "one of domain, listen, advertise, local_networks"),
    ("[sip]\n\ndomain = 5\n", 3, "sip.domain: input should be a valid string", 'domain = "softswitch.local"'),
    ('[sip]\ndomain = "no spaces"\n', 2, "'no spaces' is not a domain name", 'domain = "softswitch.local"'),
    ("[sip]\nlisten = []\n", 2, "listen nowhere", 'listen = ["udp:0.0.0.0:5060"]'),
    ('[sip]\nlisten = ["udp:0.0.0.0:1", "udp:0.0.0.0:1"]\n', 2, "stands twice", "udp:0.0.0.0:1"),
    (
        '[sip]\nlisten = [\n  "udp:0.0.0.0:5060",\n  "sctp:0.0.0.0:5061",\n]\n',
        4,
        "does not begin with udp:",
        "udp:0.0.0.0:5060",
    ),
    ('[tls]\ncertificate = "a.pem"\n', 1, "tls: certificate and key go together", "both tls.certificate and tls.key"),
    ("[tls]\nclient_required = true\n", 1, "lets nobody in", 'client_ca = "phones-ca.pem"'),
    ("[tls]\nkey = 5\n", 2, "tls.key: input is not a valid path", 'key = "FILE.pem"'),
    ('[sip]\nadvertise = "pbx"\n', 2, "'pbx' is not an IP address", 'advertise = "203.0.113.5"'),
    ('[sip]\nadvertise = "0.0.0.0"\n', 2, "no peer can reach '0.0.0.0'", 'advertise = "203.0.113.5"'),
    ('[sip]\nlocal_networks = ["10.0.0.1/8"]\n', 2, "'10.0.0.1/8' is not a network", "10.0.0.0/8"),
    ('[media]\nports = "60000-99999"\n', 2, "leaves the range", "16384-32767"),
    ("[media]\nworkers = -1\n", 2, "media.workers: input should be greater", "workers = 0"),
    ('[recording]\ndefault = "sometimes"\n', 2, "recording.default: input should be 'always'", 'default = "on_demand"'),
    ('sip.domian = "x"\n', 1, "unknown key 'domian'", "did you mean 'domain'?"),
    ("sip = 5\n", 1, "sip", "[sip]"),
    ("[sip]\ndomain = example.com\n", 2, "not TOML", 'domain = "example.com"'),
    ('[sip]\ndomain = "x\n', 2, "not TOML", 'key = "value"'),
]


@pytest.mark.parametrize(("text", "line", "what", "cure"), MISTAKES)
def test_a_mistake_is_told_with_file_line_and_cure(tmp_path: Path, text: str, line: int, what: str, cure: str) -> None:
    path = write(tmp_path, text)
    (problem,) = problems(path)
    assert problem.where == f"{path}:{line}"
    assert what in problem.what
    assert cure in problem.cure


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, '[sip]\ndomian = "x"\nadvertise = "y"\n[media]\nprots = 1\n')
    assert [problem.where.rpartition(":")[2] for problem in problems(path)] == ["3", "2", "5"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path / "nowhere.toml")
    assert problem.where.endswith("nowhere.toml")
    assert "No such file" in problem.what


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe")
    (problem,) = problems(path)
    assert "not UTF-8" in problem.what


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOFTSWITCH_SIP__DOMIAN", "x")
    (problem,) = problems(None)
    assert problem.where == "SOFTSWITCH_SIP__DOMIAN"
    assert problem.cure == "did you mean 'domain'?"


def test_a_variable_of_an_unknown_section_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOFTSWITCH_SPI__DOMAIN", "x")
    (problem,) = problems(None)
    assert problem.where == "SOFTSWITCH_SPI__DOMAIN"
    assert problem.cure == "did you mean 'sip'?"


def test_a_key_is_found_in_its_own_section() -> None:
    text = '[api]\nlisten = "x"\n[sip]\n# listen = 1\nlisten = []\n'
    assert line_of(text, "sip", "listen") == 5
    assert line_of(text, "api", "listen") == 2
    assert line_of(text, "sip", "") == 3


RULES = """
[recording]
keep_days = 30
[[recording.rules]]
queue = "support"
keep_days = 365
[[recording.rules]]
number = "+74950000001"
"""


def test_rules_of_retention_are_tables_in_their_order(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, RULES))
    handed = handed_settings(json.loads(json.dumps(settings.dump())))
    for one in (settings, handed):
        rules = [vars(rule) for rule in one.recording.rules]
        assert [(rule["queue"], rule["number"], rule["keep_days"]) for rule in rules] == [
            ("support", "", 365),
            ("", "+74950000001", 0),
        ]


@pytest.mark.parametrize(
    ("spoilt", "line", "what", "cure"),
    [
        (("number =", "nubmer ="), 8, "unknown key 'nubmer' in [[recording.rules]]", "did you mean 'number'?"),
        (("365", "-1"), 6, "keep_days in [[recording.rules]]: input should be greater", "keep_days = 0"),
        (('number = "+74950000001"', ""), 7, "[[recording.rules]]: a rule names no calls", "queue, user, trunk or"),
    ],
)
def test_a_mistake_in_a_rule_is_told_with_its_line(
    tmp_path: Path, spoilt: tuple[str, str], line: int, what: str, cure: str
) -> None:
    (problem,) = problems(write(tmp_path, RULES.replace(*spoilt)))
    assert problem.where.endswith(f":{line}")
    assert problem.what.startswith(what)
    assert problem.cure.startswith(cure)
