"""What a queue's lines in a site file come to, and in which words they are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.core.errors import ConfigurationError
from softswitch.directory.compiled_site import compile_site, read_compiled
from softswitch.directory.loader import load_paths
from softswitch.directory.site import Queue, Site
from softswitch.scenario.site_check import check_scenarios

PEOPLE = """\
users:
  - {name: anna, extension: "101", password: s3cret-anna, voicemail: true}
  - {name: boris, extension: "102", password: s3cret-boris}
groups:
  - {name: desk, extension: "600", members: [{user: boris}], wrap_up: {seconds: 5, after: every}}
"""
OUTSIDE = """\
trunks:
  - {name: city, host: 192.0.2.10, port: 5060, transport: udp}
routes:
  - {name: out, pattern: '^\\+?[0-9]{10,15}$', trunk: city}
"""


def load(folder: Path, lines: str, more: str = "") -> Site:
    file = folder / "site.yaml"
    queue = f'queues:\n  - {{name: support, extension: "700", members: [{{user: anna}}], {lines}}}\n'
    file.write_text(PEOPLE + queue + more)
    return load_paths([file], domain="softswitch.local", scenarios=check_scenarios).site


def queue(folder: Path, lines: str, more: str = "") -> Queue:
    site = load(folder, lines, more)
    assert read_compiled(compile_site(site)).site == site, "it is the same from the compiled form"
    return site.queues["support"]


def problem(folder: Path, lines: str) -> str:
    with pytest.raises(ConfigurationError) as found:
        load(folder, lines)
    return str(found.value)


@pytest.mark.parametrize(
    ("written", "guide"),
    [
        ("queue: support", "queue:support"),
        ("group: desk", "group:desk"),
        ("user: boris", "forward:boris"),
        ("voicemail: anna", "scenario:*voicemail/anna"),
        ("voicemail: desk", "scenario:*voicemail/desk"),
        ('number: "+79161112233"', "scenario:*number/+79161112233"),
    ],
)
def test_an_overflow_names_the_guide_of_who_is_given_up(tmp_path: Path, written: str, guide: str) -> None:
    assert queue(tmp_path, f"overflow: {{{written}}}", OUTSIDE).overflow_to == guide


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("overflow: {}", "exactly one of queue, group, user, voicemail, scenario"),
        ("overflow: {user: anna, group: desk}", "leads to group and user"),
        ("overflow: {user: vera}", "there is no user vera"),
        ("overflow: {voicemail: boris}", "there is no mailbox boris"),
        ("overflow: {scenario: late}", "there is no scenario late"),
        ('overflow: {number: "+79161112233"}', "no route leads to +79161112233"),
        ('exit_key: "2", callback: {offer_after_s: 60}', "exit_key 2 is the key of the callback too"),
        ('exit_key: "5", callback: {key: "5"}', 'another one, e.g. exit_key: "0"'),
        ("supervision: [listen, shout]", "listen, whisper, barge"),
        ("to_agent: {file: nowhere.wav}", "there is no file nowhere.wav"),
        ("announce: {files: [nowhere.wav]}", "there is no file nowhere.wav"),
        ("strategy: loudest", "fewest_answered"),
        ("callback: {first: both}", "agent, customer"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_write(tmp_path: Path, written: str, said: str) -> None:
    found = problem(tmp_path, written)
    assert said in found
    assert "site.yaml:" in found


def test_what_callers_and_agents_hear_and_who_may_supervise_is_written_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "support.wav").write_bytes(b"")
    made = queue(
        tmp_path,
        "announce: {at_once: true, position: false, files: [support.wav]}, callback: {first: customer}, "
        "to_agent: {beep: true, file: support.wav}, supervision: [listen], wrap_up: {seconds: 9, after: every}",
    )
    file = str(tmp_path.resolve() / "support.wav")
    assert (made.announce_at_once, made.announce_position, made.announce_files) == (True, False, (file,))
    assert (made.agent_beep, made.agent_file, made.callback_first) == (True, file, "customer")
    assert (made.supervision, made.wrap_up_every) == (("listen",), True)


def test_number_and_contact_say_who_is_served_earlier(tmp_path: Path) -> None:
    more = (
        'numbers:\n  - {number: "+74950000001", queue: support, priority: 7}\n'
        'contacts:\n  - {name: Romashka, numbers: ["+79161112233"], priority: 20}\n'
    )
    site = load(tmp_path, "sla_s: 20", more)
    (number,) = site.numbers.values()
    assert (number.priority, site.contacts["Romashka"].priority) == (7, 20)
    assert site.groups["desk"].wrap_up_every
