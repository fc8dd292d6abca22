from __future__ import annotations

import subprocess
import sys

CAN_WAIT = {"pydantic", "rich", "yaml", "phonenumbers", "cryptography", "sqlalchemy", "fastapi", "uvicorn", "numpy"}


def test_a_brain_loads_nothing_before_it_serves_that_can_wait() -> None:
    """Phones wait while a killed brain's successor loads."""
    told = "import sys, softswitch.app.brain_process; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True).stdout.split()
    assert "softswitch.app.brain" in loaded
    assert not CAN_WAIT & set(loaded)
