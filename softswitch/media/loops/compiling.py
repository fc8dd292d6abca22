"""Makes machine code of the loops, with numba, which is not needed afterwards."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, Final

from softswitch.core.errors import MediaError
from softswitch.media.loops import g722, handing_over, mixing, packets, recording
from softswitch.media.loops.found import NAME, fingerprint, processor

GENERIC: Final = "generic"
_SOURCES: Final = (packets, mixing, g722, handing_over, recording)


def functions() -> dict[str, tuple[Callable[..., Any], str]]:
    """Return all loops, with their types, by name."""
    return {name: (getattr(source, name), types) for source in _SOURCES for name, types in source.SIGNATURES.items()}


def compile_loops(cpu: str) -> Path:
    """Compile the loops; return the file that was made, beside their source.

    Args:
        cpu: ``host`` for this machine's processor, ``generic`` for any of its kind.

    Raises:
        MediaError: something that is needed is not here, or the file cannot be written.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numba may replace it one day: its version is pinned
            numba = import_module("numba.pycc")
    except ImportError as error:
        raise MediaError(f"{error.name or 'numba'} is not installed: pip install 'softswitch[compile]'") from error
    folder = Path(__file__).parent
    if not os.access(folder, os.W_OK):
        raise MediaError(f"{folder} cannot be written to: whoever installed softswitch has to do this")
    with TemporaryDirectory(dir=folder) as aside:  # workers that run keep the file that they have
        made = _compiled(numba, aside, cpu)
        return made.replace(folder / made.name)


def _compiled(numba: ModuleType, folder: str, cpu: str) -> Path:
    number, told = fingerprint(), io.StringIO()
    able = 0 if cpu == GENERIC else processor()
    try:
        made = numba.CC(NAME, source_module=packets)
        made.use_nrt = False  # nothing is allocated in there
        made.target_cpu = "" if cpu == GENERIC else cpu
        for source in (g722, recording):
            for name in source.HELPERS:
                setattr(source, name, import_module("numba").njit(getattr(source, name)))
        for name, (function, types) in functions().items():
            made.export(name, types)(function)
        made.export("fingerprint", "i8()")(lambda: number)
        made.export("processor", "i8()")(lambda: able)
        made.output_dir = folder
        with redirect_stdout(told), redirect_stderr(told):
            made.compile()
    except Exception as error:  # whatever setuptools raises where there is no compiler
        needed = "a C compiler and Python's headers are needed (apt install gcc python3-dev)"
        raise MediaError(f"{needed}: {str(error).partition(chr(10))[0]}") from error
    return Path(made.output_dir, made.output_file)
