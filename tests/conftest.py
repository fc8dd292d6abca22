"""What all tests share."""

from __future__ import annotations

import os
import signal
import sys

from hypothesis import settings

# How long an example takes is no property of the code: machines differ and are busy.
settings.register_profile("timeless", deadline=None)
settings.load_profile("timeless")

# Tests start the switch hundreds of times. Where the environment forbids to keep compiled modules, each of its
# processes would compile all of them again: a third of what a start costs.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Shells let what they start in the background ignore Ctrl-C, and so would the programs that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
