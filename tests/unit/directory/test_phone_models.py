from __future__ import annotations

import pytest

from softswitch.directory.phone_models import model_of, shipped_models


# User-Agents as phones in the field send them: wazo-provd-plugins' regular expressions, FreeSWITCH's mailing list.
@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Yealink SIP-T46G 28.72.0.1", "yealink"),
        ("Grandstream GXP2160 1.0.9.26", "grandstream"),
        ("snomD785/10.1.33.33", "snom"),
        ("snom870/8.4.35", "snom"),
        ("snom320/8.4.24", "snom"),
        ("snom320/8.4.23", "snom_8"),
        ("snom360/7.3.14", "snom_8"),
        ("PolycomVVX-VVX_400-UA/4.1.4.7430", "poly"),
        ("PolycomSoundPointIP-SPIP_650-UA/3.3.5.0247", "polycom_3"),
        ("Cisco/SPA504G-7.5.5", "cisco"),
        ("Cisco-CP-8841-3PCC/11.0.1", "cisco"),
        ("Cisco-CP7960G/8.0", "cisco_7940"),
        ("Fanvil X4U 2.2.12 0c383e0a1b2c", "fanvil"),
        ("baresip v1.0.0 (x86_64/linux)", "softphone"),
        ("Linphone/4.2 (belle-sip/4.5)", "softphone"),
        ("", "unknown"),
        ("Something/1.0", "unknown"),
    ],
)
def test_a_phone_is_known_by_its_user_agent(user_agent: str, name: str) -> None:
    assert model_of(user_agent).name == name


def test_every_model_says_how_it_is_told_things() -> None:
    for model in shipped_models():
        assert model.resync
        assert model.reboot
        assert all(": " in line for line in model.auto_answer)


def test_a_yealink_is_rebooted_only_by_reboot_true() -> None:
    assert model_of("Yealink SIP-T31G 124.85.0.15").reboot == "check-sync;reboot=true"
