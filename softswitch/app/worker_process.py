"""The program of a media worker."""

from __future__ import annotations

from softswitch.app.processes import Inherited, inherited
from softswitch.media.worker.main import run
from softswitch.runtime.addresses import PortRange
from softswitch.runtime.handed_settings import handed_settings
from softswitch.runtime.log import configure_logging


def port_slice(ports: PortRange, number: int, workers: int) -> range:
    """Return the part of the range that worker ``number`` of ``workers`` may bind: whole pairs, even port first.

    A worker that takes another one's place has a higher number and the same part; the ports of legs that are left
    there are passed over.
    """
    number %= workers
    first_pair, end_pair = (ports.low + 1) // 2, (ports.high + 1) // 2
    pairs = end_pair - first_pair
    low = first_pair + pairs * number // workers
    high = first_pair + pairs * (number + 1) // workers
    return range(2 * low, 2 * high)


def main() -> None:
    """Run until the supervisor says otherwise or is gone."""
    given: Inherited = inherited()
    settings = handed_settings(given.options["settings"])
    configure_logging(f"worker-{given.number}", level=settings.log.level, form=settings.log.form)
    ports = port_slice(settings.media.ports, given.number, given.options["workers"])
    run(
        given.controls[0].descriptor,
        number=given.number,
        ports=ports,
        realtime=True,
        country=settings.media.tones,
        log=(settings.log.level, settings.log.form),
        on_ready=given.say_ready,
    )


if __name__ == "__main__":
    main()
