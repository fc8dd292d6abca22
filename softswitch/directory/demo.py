"""The demo site: three phones with passwords of their own, and the first example scenario; made once."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Final

from softswitch.directory.store import write_private
from softswitch.directory.yaml_reader import YamlList, YamlTable, YamlText, read_yaml

_USERS: Final = (("101", "anna", "Анна"), ("102", "boris", "Борис"), ("103", "vera", "Вера"))
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""No two of them look alike on a phone's display."""
_PASSWORD_LENGTH: Final = 12

_EXAMPLE: Final = Path(__file__).parents[2] / "scenarios" / "small-office" / "scenarios"
"""The scenario that callers of the demo's number hear, with its prompts; a source tree has it."""
NUMBER: Final = "+74950000001"
_HEAD: Final = """\
# The demo site, made at the first start: three phones with random passwords.
# Change it as you like and load it: softswitch load {path}
users:
"""


def ensure_demo_site(directory: Path) -> Path:
    """Return the demo site's file, beside which its scenarios stand; write it with new passwords where there is none.

    Args:
        directory: the storage directory.
    """
    path = directory / "demo" / "site.yaml"
    if not path.exists():
        for folder in (directory, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = [
            f'  - {{name: {name}, extension: "{extension}", password: "{_password()}", display_name: {shown}}}\n'
            for extension, name, shown in _USERS
        ]
        numbers = ""
        if _EXAMPLE.is_dir():
            shutil.copytree(_EXAMPLE, path.parent / "scenarios", dirs_exist_ok=True)
            numbers = f'numbers:\n  - {{number: "{NUMBER}", scenario: main}}\n'
        write_private(path, (_HEAD.format(path=path.parent) + "".join(lines) + numbers).encode())
    return path


def demo_accounts(path: Path) -> list[tuple[str, str, str]]:
    """Return (extension, name, password) of each user in a site file, for the screen of whoever started the demo.

    Raises:
        ConfigurationError: the file is not YAML.
    """
    tree = read_yaml(path.read_bytes(), str(path))
    users = tree.get("users") if isinstance(tree, YamlTable) else None
    items = users.items if isinstance(users, YamlList) else ()
    return [
        (_text(item, "extension"), _text(item, "name"), _text(item, "password"))
        for item in items
        if isinstance(item, YamlTable)
    ]


def _text(entry: YamlTable, key: str) -> str:
    found = entry.get(key)
    return found.value if isinstance(found, YamlText) else ""


def _password() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_PASSWORD_LENGTH))
