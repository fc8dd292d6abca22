"""Desk phones as they behave, written from traces and manuals of each vendor, not from the switch's own files.

Where a behaviour was seen stands beside it. A phone here acts on what it understands and on nothing else: a header that
is spelled otherwise leaves it ringing, an event that it does not know does not restart it.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.simulation.phone_core import Habits

_RING = ("Alert-Info", "info=alert-autoanswer")
_CALL_INFO = ("Call-Info", "answer-after=0")
_REPLACED = frozenset({"call-id", "local-tag", "remote-tag", "direction"})
"""What an INVITE with Replaces is built of."""


@dataclass(frozen=True)
class DeskPhone:
    """What phones of one vendor do."""

    habits: Habits
    holds_by: str
    """The form of its hold: ``sendonly``, ``inactive`` or ``zero``."""
    restarts_on: str
    """The Event that lets it start anew."""
    reads_again_on: str
    """The Event that lets it read its configuration again without starting anew."""
    told_by: str
    """What its display follows: ``PAI`` in an UPDATE, with its host or as ``number``, or ``from`` or ``to`` of a
    message/sipfrag in an INFO; ``nothing`` where it shows what it rang with."""
    lamp_needs: frozenset[str] = frozenset()
    """What must stand in a dialog-info for its lamp and its pickup: attributes of the dialog, ``local`` and ``remote``
    for those ends with their targets, ``idle`` for a dialog where there is no call."""
    answers_itself: bool = True
    """Whether an intercom call can ask it to."""


YEALINK = DeskPhone(
    # User-Agent and Contact: a REGISTER of a T46G (fusionpbx#1067). Auto answer by Alert-Info: Yealink's
    # administrator guide. reboot=false does not restart it: FreePBX/issue-tracker#672.
    Habits(
        user_agent="Yealink SIP-T46G 28.72.0.1",
        answers_itself=True,
        answers_to=_RING,
        takes_update=True,
        contact_parameters=';reg-id=1;+sip.instance="<urn:uuid:00000000-0000-1000-8000-0015653fbde8>"',
    ),
    holds_by="sendonly",
    restarts_on="check-sync;reboot=true",
    reads_again_on="check-sync;reboot=false",
    told_by="PAI",
    # The lamp stays wrong after a NOTIFY without a dialog: OpenSIPS#1193. "Dialog Info Call Pickup" in the guide.
    lamp_needs=frozenset({"idle", "local", "remote"}) | _REPLACED,
)
GRANDSTREAM = DeskPhone(
    # Intercom by Call-Info: fusionpbx#1739, "Allow Auto Answer by Call-Info/Alert-Info" of the GXP21xx guide. Old
    # firmware holds by c=0.0.0.0. "resync" reads the configuration only: fusionpbx#3014.
    Habits(user_agent="Grandstream GXP2160 1.0.9.26", answers_itself=True, answers_to=_CALL_INFO, takes_update=True),
    holds_by="zero",
    restarts_on="check-sync",
    reads_again_on="resync",
    told_by="PAI",
    # A dialog without an id is not read: kamailio#99, #97.
    lamp_needs=frozenset({"idle", "id"}) | _REPLACED,
)
SNOM = DeskPhone(
    # Display by From in an INFO of message/sipfrag, since 8.4.24: FreeSWITCH mod_sofia.c. Auto answer: service.snom.com
    # "How to use intercom".
    # check-sync;reboot=false: wazo-provd-plugins, snom/common.py.
    Habits(user_agent="snomD785/10.1.33.33", answers_itself=True, answers_to=_RING),
    holds_by="inactive",
    restarts_on="check-sync;reboot=true",
    reads_again_on="check-sync;reboot=false",
    told_by="from",
    # Without both ends it lights the lamp and does not pick up: service.snom.com "HowTo Call Pickup".
    lamp_needs=frozenset({"local", "remote"}) | _REPLACED,
)
SNOM_8 = DeskPhone(
    # Before 8.4.24 the display follows To: FreeSWITCH mod_sofia.c, which tells the firmware apart by User-Agent.
    Habits(user_agent="snom320/8.4.18", answers_itself=True, answers_to=_RING),
    holds_by="sendonly",
    restarts_on="check-sync;reboot=true",
    reads_again_on="check-sync;reboot=false",
    told_by="to",
    lamp_needs=SNOM.lamp_needs,
)
POLY = DeskPhone(
    # Contact with a quoted list of methods: kazoo-configs#55. Ring class "Auto Answer": UC software guide, alertInfo.
    Habits(
        user_agent="PolycomVVX-VVX_400-UA/4.1.4.7430",
        contact_parameters=';methods="INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, SUBSCRIBE, NOTIFY, PRACK, REFER"',
        answers_itself=True,
        answers_to=("Alert-Info", "Auto Answer"),
        takes_update=True,
    ),
    holds_by="sendonly",
    restarts_on="check-sync",
    reads_again_on="check-sync",
    told_by="PAI",
    # Without Call-ID and tags there is no pickup: asterisk#803.
    lamp_needs=_REPLACED,
)
POLYCOM_3 = DeskPhone(
    # Software before UC 4 shows a P-Asserted-Identity only without its host: FreeSWITCH mod_sofia.c; hold by 0.0.0.0 is
    # voIpProt.SIP.useRFC2543hold.
    Habits(
        user_agent="PolycomSoundPointIP-SPIP_650-UA/3.3.5.0247",
        answers_itself=True,
        answers_to=("Alert-Info", "Auto Answer"),
        takes_update=True,
    ),
    holds_by="zero",
    restarts_on="check-sync",
    reads_again_on="check-sync",
    told_by="number",
    # As the later ones.
    lamp_needs=_REPLACED,
)
CISCO = DeskPhone(
    # The random user of its Contact, and 404 for every other one: usecallmanagernz/patches#19. Events: 3PCC guide,
    # "Resync and Reboot"; FreeSWITCH sofia_reg.c ("reboot_now").
    Habits(
        user_agent="Cisco-CP-8841-3PCC/11.0.1",
        contact_user="9f2c1a7e-0b3d",
        answers_itself=True,
        answers_to=_CALL_INFO,
        takes_update=True,
    ),
    holds_by="sendonly",
    restarts_on="reboot_now",
    reads_again_on="resync",
    told_by="PAI",
    # 3PCC guide, "Call Pickup" by the lamp's key (sd+blf+cp).
    lamp_needs=frozenset({"id", "remote"}) | _REPLACED,
)
CISCO_7940 = DeskPhone(
    # The SIP firmware of the 7940 and 7960: "check-sync" in the administrator guide, no UPDATE in its Allow, hold by
    # 0.0.0.0 (RFC 2543), no header that lets it answer by itself.
    Habits(user_agent="Cisco-CP7960G/8.0"),
    holds_by="zero",
    restarts_on="check-sync",
    reads_again_on="check-sync",
    told_by="nothing",
    answers_itself=False,
)
FANVIL = DeskPhone(
    # User-Agent with the MAC behind it: wazo-provd-plugins. Auto answer by Alert-Info: Fanvil X series manual.
    Habits(user_agent="Fanvil X4U 2.2.12 0c383e0a1b2c", answers_itself=True, answers_to=_RING, takes_update=True),
    holds_by="sendonly",
    restarts_on="check-sync;reboot=true",
    reads_again_on="check-sync;reboot=false",
    told_by="PAI",
    # User manual, "BLF/NEW CALL" key with pickup.
    lamp_needs=frozenset({"local", "remote"}) | _REPLACED,
)

DESK_PHONES = {
    "yealink": YEALINK,
    "grandstream": GRANDSTREAM,
    "snom": SNOM,
    "snom_8": SNOM_8,
    "poly": POLY,
    "polycom_3": POLYCOM_3,
    "cisco": CISCO,
    "cisco_7940": CISCO_7940,
    "fanvil": FANVIL,
}
