"""``softswitch codecs``: what this machine can encode and decode."""

from __future__ import annotations

from typing import Any, Final

import softswitch_codecs
from softswitch.cli.options import JsonOption
from softswitch.cli.output import print_json, print_table

_COLUMNS: Final = ("encoding", "RTP clock", "sound", "kbit/s", "here")


def codecs(*, as_json: JsonOption = False) -> None:
    """List the codecs of this machine; no switch need run.

    Example: softswitch codecs --json
    """
    found = _found()
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["encoding"],
            one["clock_rate_hz"],
            f"{one['sample_rate_hz']} Hz" if one["available"] else "",
            one["bit_rate"] // 1000 if one["available"] else "",
            "yes" if one["available"] else f"no: {one['reason']}",
        )
        for one in found
    ]
    print_table(_COLUMNS, rows, empty="There is no codec.")


def _found() -> list[dict[str, Any]]:
    here = [
        {
            "encoding": cls.encoding,
            "clock_rate_hz": cls.clock_rate_hz,
            "sample_rate_hz": cls.sample_rate_hz,
            "bit_rate": 8 * cls.octets_per_second,
            "available": True,
            "reason": "",
        }
        for cls in (*softswitch_codecs.codecs(), *softswitch_codecs.packet_codecs())
    ]
    lacking = [
        {
            "encoding": encoding,
            "clock_rate_hz": clock_rate_hz,
            "sample_rate_hz": 0,
            "bit_rate": 0,
            "available": False,
            "reason": reason,
        }
        for (encoding, clock_rate_hz), reason in softswitch_codecs.missing_codecs().items()
    ]
    return here + lacking
