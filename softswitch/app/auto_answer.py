"""The headers of an INVITE that make phones answer by themselves: makers differ, and RFC 5373 has its own."""

from __future__ import annotations


def auto_answer_headers(domain: str) -> tuple[str, ...]:
    """Return them as header lines.

    Args:
        domain: the host part of the addresses in them, which name nobody.
    """
    return (
        f"Call-Info: <sip:{domain}>;answer-after=0",
        f"Alert-Info: <http://{domain}>;info=alert-autoanswer;delay=0",
        "Answer-Mode: Auto",
    )
