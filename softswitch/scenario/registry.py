"""All kinds of steps by their names in files."""

from __future__ import annotations

from typing import Final

from softswitch.scenario.model import Step
from softswitch.scenario.steps.anyone_above import AnyoneAbove
from softswitch.scenario.steps.collect import Collect
from softswitch.scenario.steps.count import Count
from softswitch.scenario.steps.digits import Digits
from softswitch.scenario.steps.directory import Directory
from softswitch.scenario.steps.employee import Employee
from softswitch.scenario.steps.fax import Fax
from softswitch.scenario.steps.goto import Goto
from softswitch.scenario.steps.group import Group
from softswitch.scenario.steps.hang_up import HangUp
from softswitch.scenario.steps.http import Http
from softswitch.scenario.steps.if_ import If
from softswitch.scenario.steps.language import Language
from softswitch.scenario.steps.mailbox import Mailbox
from softswitch.scenario.steps.menu import Menu
from softswitch.scenario.steps.number import Number
from softswitch.scenario.steps.play import Play
from softswitch.scenario.steps.queue import Queue
from softswitch.scenario.steps.record_name import RecordName
from softswitch.scenario.steps.responsible import Responsible
from softswitch.scenario.steps.room import Room
from softswitch.scenario.steps.say import Say
from softswitch.scenario.steps.scenario import SubScenario
from softswitch.scenario.steps.set import Set
from softswitch.scenario.steps.sip import Sip
from softswitch.scenario.steps.voicemail import Voicemail
from softswitch.scenario.steps.when import When

_ALL: Final[tuple[type[Step], ...]] = (
    Play,
    Say,
    Digits,
    Directory,
    Menu,
    Collect,
    When,
    If,
    Set,
    Count,
    Language,
    Http,
    Group,
    Employee,
    Responsible,
    Number,
    Sip,
    AnyoneAbove,
    Queue,
    Room,
    RecordName,
    Voicemail,
    Mailbox,
    Fax,
    SubScenario,
    Goto,
    HangUp,
)

KINDS: Final[dict[str, type[Step]]] = {step.kind: step for step in _ALL}
"""In the order in which they are told to people."""
