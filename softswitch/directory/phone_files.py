"""Reads the shipped files about phones, by the same checks that a site's files meet."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

from softswitch.core.errors import ConfigurationError
from softswitch.directory.fields import Checker, Field, Fields, choice, free_text, list_of, read_table, word
from softswitch.directory.phone_model import PhoneModel
from softswitch.directory.yaml_reader import read_yaml

_FIELDS: Final[Fields] = {
    "name": Field(word, required=True),
    "user_agent": Field(free_text(200), required=True),
    "resync": Field(free_text(60), required=True),
    "reboot": Field(free_text(60), required=True),
    "auto_answer": Field(list_of(free_text(200)), required=True),
    "display_update": Field(choice("update_pai", "info_from", "info_to", "none"), required=True),
    "pai": Field(choice("full", "no_host"), required=True),
}


def read_model(name: str) -> PhoneModel:
    """Read one file.

    Raises:
        ConfigurationError: it is not as it should be.
    """
    file = files("softswitch.directory").joinpath("phones", f"{name}.yaml")
    checker = Checker(f"{name}.yaml")
    entry = read_table(read_yaml(file.read_bytes(), checker.file), "the phone", _FIELDS, checker)
    if checker.problems or entry is None:
        raise ConfigurationError(checker.problems)
    return PhoneModel(
        entry.text("name"),
        re.compile(entry.text("user_agent"), re.IGNORECASE),
        entry.text("resync"),
        entry.text("reboot"),
        entry.texts("auto_answer"),
        entry.text("display_update"),
        entry.text("pai"),
    )
