from __future__ import annotations

import pytest

from softswitch.app.auto_answer import auto_answer_lines


# Spellings as the makers' manuals have them: Polycom by a class of ringing, Cisco and Grandstream by Call-Info.
@pytest.mark.parametrize(
    ("user_agent", "line"),
    [
        ("PolycomVVX-VVX_400-UA/4.1.4.7430", "Alert-Info: Auto Answer"),
        ("Grandstream GXP2160 1.0.9.26", "Call-Info: <sip:softswitch>;answer-after=0"),
        ("Cisco/SPA504G-7.5.5", "Call-Info: <sip:softswitch>;answer-after=0"),
        ("Fanvil X4U 2.2.12 0c383e0a1b2c", "Alert-Info: <http://www.notused.com>;info=alert-autoanswer;delay=0"),
        ("baresip v1.0.0 (x86_64/linux)", "Answer-Mode: Auto"),
        ("", "Call-Info: <sip:softswitch>;answer-after=0"),
    ],
)
def test_a_phone_is_asked_to_answer_by_itself_in_the_words_of_its_maker(user_agent: str, line: str) -> None:
    assert line in auto_answer_lines(user_agent)
