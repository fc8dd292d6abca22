"""The first lines of a brain: while some hundred modules load, nothing is searched for garbage.

That saves a tenth of the time. The brain collects again from its resumption on (:mod:`softswitch.app.garbage`).
"""

from __future__ import annotations

import gc


def main() -> None:
    """Load and run the brain."""
    gc.disable()
    from softswitch.app.brain_process import main as run

    run()


if __name__ == "__main__":
    main()
