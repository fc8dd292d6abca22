"""The sections of a site file and their keys: what may be written where.

To add a key: a line here, its use where it is served, a test (docs/recipes/add-a-site-key.md).
"""

from __future__ import annotations

from typing import Final

from softswitch.directory.codes import DEFAULT_CODES
from softswitch.directory.connectors import EVENTS
from softswitch.directory.encryption import CHOICES as ENCRYPTION
from softswitch.directory.fields import (
    Field,
    Fields,
    caller_id,
    choice,
    choice_or_installed,
    country,
    dialled_code,
    email,
    environment,
    extension,
    flag,
    free_text,
    host,
    key_pressed,
    list_of,
    name,
    number,
    pattern,
    pin,
    place,
    secret,
    status_code,
    table,
    web_address,
    whole,
    word,
)
from softswitch.directory.key_policy import CHOICES as KEY_POLICIES
from softswitch.directory.statuses import CALL_WAITING, NO, RIGHTS, YES
from softswitch.directory.supervision_modes import SUPERVISION

PRESETS: Final = ("voximplant", "mango")
"""The sets of statuses that come with the program."""
STRATEGIES: Final = (
    "random",
    "ring_all",
    "priority",
    "round_robin",
    "longest_idle",
    "least_talk_time",
    "fewest_answered",
    "three_random",
    "three_by_priority",
)
"""By which a queue chooses agents; other packages may bring more."""
OVERFLOW_TARGETS: Final = ("queue", "group", "user", "voicemail", "scenario", "number")
"""Where callers go whom a queue gives up; it names exactly one."""

_NAME: Final = Field(name, required=True, example="anna")
_EXTENSION: Final = Field(extension, required=True, example='"101"')
_RING_S: Final = Field(whole(1, 3600))
_RECORDING: Final = Field(choice("always", "on_demand", "never"))
_RECORDED: Final[Fields] = {
    "recording": _RECORDING,
    "recording_pause": Field(flag),
    "recording_notice": Field(free_text(300)),
}
_WRAP_UP: Final = Field(
    table(
        {
            "seconds": Field(whole(0, 86400)),
            "limit": Field(flag),
            "status": Field(word),
            "return_to": Field(choice("previous", "ready")),
            "after": Field(choice("own", "every")),
        }
    )
)

_ENCRYPTION: Final[Fields] = {"srtp": Field(choice(*ENCRYPTION)), "srtp_without_tls": Field(flag)}

_USERS: Final[Fields] = {
    "name": _NAME,
    "extension": _EXTENSION,
    "password": Field(secret, required=True, example="one that nobody guesses, 12 letters and digits"),
    "display_name": Field(free_text()),
    "sha256": Field(flag),
    "mobile": Field(list_of(number)),
    "supervises": Field(list_of(name)),
    "told_when_supervised": Field(flag),
    "routes": Field(list_of(name)),
    "roles": Field(list_of(choice("operator", "supervisor", "manager", "administrator", "owner"))),
    "voicemail": Field(flag),
    "voicemail_after_s": Field(whole(1, 3600)),
    "voicemail_pin": Field(pin),
    "email": Field(email),
    **_RECORDED,
    "call_waiting": Field(flag),
    "respect_status": Field(flag),
    "preset": Field(choice(*PRESETS)),
    **_ENCRYPTION,
}

STATUS_RIGHTS: Final[Fields] = {right: Field(choice(YES, NO, CALL_WAITING)) for right in RIGHTS}

STATUS_FIELDS: Final[Fields] = {
    "name": Field(word, required=True, example="lunch"),
    "preset": Field(choice(*PRESETS)),
    "label_ru": Field(free_text(40)),
    "label_en": Field(free_text(40)),
    "code": Field(status_code),
    "planned": Field(flag),
    "unavailable": Field(flag),
    "refuse_with": Field(choice("480", "486", "603")),
    **STATUS_RIGHTS,
}
"""A status of the site's own; a right that is not written is the preset's ``custom`` one."""

_CODES: Final[Fields] = {
    "action": Field(choice(*sorted(DEFAULT_CODES)), required=True, example="pick_up"),
    "code": Field(dialled_code, required=True, example='"*8"'),
}

_GROUPS: Final[Fields] = {
    "name": _NAME,
    "extension": _EXTENSION,
    "mode": Field(choice("simultaneous", "ordered", "weighted_random", "longest_idle_once", "sequential_until_answer")),
    "ring_s": _RING_S,
    "max_unanswered": Field(whole(1, 1000)),
    "max_rounds": Field(whole(1, 100)),
    "supervisors": Field(list_of(name)),
    "voicemail_pin": Field(pin),
    "email": Field(email),
    "members": Field(
        list_of(table({"user": Field(name, required=True, example="anna"), "weight": Field(whole(0, 1_000_000))}))
    ),
    "wrap_up": _WRAP_UP,
    "recording": _RECORDING,
}

_QUEUES: Final[Fields] = {
    "name": _NAME,
    "extension": _EXTENSION,
    "strategy": Field(choice_or_installed(STRATEGIES, "softswitch.strategies")),
    "priority": Field(choice("high", "normal", "low")),
    "sla_s": Field(whole(1, 86400)),
    "short_abandon_s": Field(whole(0, 3600)),
    "ring_s": _RING_S,
    "retry_s": Field(whole(1, 3600)),
    "members": Field(
        list_of(
            table(
                {
                    "user": Field(name, required=True, example="anna"),
                    "priority": Field(whole(1, 1000)),
                    "skills": Field(list_of(word)),
                    "auto_answer": Field(flag),
                }
            )
        )
    ),
    "supervisors": Field(list_of(name)),
    "wrap_up": _WRAP_UP,
    "callback": Field(
        table(
            {
                "key": Field(key_pressed),
                "first": Field(choice("agent", "customer")),
                "offer_after_s": Field(whole(1, 86400)),
                "keep_place": Field(flag),
                "tries": Field(whole(1, 100)),
                "retry_s": Field(whole(1, 86400)),
                "expires_s": Field(whole(60, 31 * 86400)),
            }
        )
    ),
    "max_wait_s": Field(whole(1, 86400)),
    "max_length": Field(whole(1, 100_000)),
    "leave_without_agents": Field(flag),
    "overflow": Field(table({target: Field(number if target == "number" else name) for target in OVERFLOW_TARGETS})),
    "exit_key": Field(key_pressed),
    "skills": Field(list_of(word)),
    "relax_after_s": Field(whole(1, 86400)),
    "sticky": Field(
        table(
            {"within_s": Field(whole(1, 366 * 86400), required=True, example="86400"), "wait_s": Field(whole(1, 3600))}
        )
    ),
    "announce": Field(
        table(
            {
                "every_s": Field(whole(10, 3600)),
                "at_once": Field(flag),
                "position": Field(flag),
                "wait": Field(flag),
                "files": Field(list_of(free_text(300))),
                "language": Field(choice("en", "ru")),
            }
        )
    ),
    "to_agent": Field(table({"beep": Field(flag), "file": Field(free_text(300))})),
    "supervision": Field(list_of(choice(*SUPERVISION))),
    "notify": Field(table({"mail": Field(list_of(email)), "webhook": Field(free_text(300))})),
    **_RECORDED,
}

_ROOMS: Final[Fields] = {
    "name": _NAME,
    "extension": _EXTENSION,
    "pin": Field(pin),
    "tones": Field(flag),
    "moderators": Field(list_of(name)),
    "moderator_pin": Field(pin),
    "wait_for_moderator": Field(flag),
    "end_with_moderator": Field(flag),
}

NUMBER_TARGETS: Final = ("user", "group", "queue", "room", "scenario")
"""What a number may lead to; it names exactly one."""

_PRIORITY: Final = Field(whole(0, 100))
"""Of callers in queues: more is served earlier."""

_NUMBERS: Final[Fields] = {
    "number": Field(number, required=True, example='"+74950000001"'),
    "priority": _PRIORITY,
    **{target: Field(name) for target in NUMBER_TARGETS},
}

_TRUNKS: Final[Fields] = {
    "name": _NAME,
    "host": Field(host, required=True, example="192.0.2.10"),
    "port": Field(whole(1, 65535)),
    "any_port": Field(flag),
    "transport": Field(choice("udp", "tcp", "tls", "auto")),
    "register": Field(flag),
    "username": Field(free_text()),
    "password_env": Field(free_text()),
    "password_file": Field(free_text(300)),
    "caller_id": Field(caller_id),
    "identity": Field(choice("from", "pai", "ppi")),
    "number_format": Field(choice("as_dialled", "e164", "digits", "national")),
    "country": Field(country),
    "hosts": Field(list_of(place)),
    "codecs": Field(list_of(choice("PCMA", "PCMU", "G722", "G729", "opus"))),
    "dtmf": Field(choice(*KEY_POLICIES)),
    "calls": Field(whole(1, 100_000)),
    "calls_each_user": Field(whole(1, 1000)),
    "calls_each_second": Field(whole(1, 1000)),
    "calls_each_day": Field(whole(1, 10_000_000)),
    "calls_each_user_day": Field(whole(1, 1_000_000)),
    "calls_each_number_day": Field(whole(1, 1_000_000)),
    "recording": _RECORDING,
    **_ENCRYPTION,
}

_EMERGENCY: Final[Fields] = {
    "number": Field(number, required=True, example='"112"'),
    "routes": Field(list_of(name), required=True, example="[pstn]"),
}

_ROUTES: Final[Fields] = {
    "name": _NAME,
    "trunk": Field(name, required=True, example="pstn"),
    "pattern": Field(pattern, required=True, example=r"'^\+?[0-9]{10,15}$'"),
}

_CONTACTS: Final[Fields] = {
    "name": Field(free_text(), required=True, example="ООО Ромашка"),
    "numbers": Field(list_of(number)),
    "responsible": Field(name),
    "email": Field(email),
    "priority": _PRIORITY,
}

_CRM: Final[Fields] = {
    "name": _NAME,
    "url": Field(web_address, required=True, example='"https://crm.example.net/contacts?phone={caller}"'),
    "responsible": Field(free_text(), required=True, example="0.manager.extension"),
    "token_env": Field(environment),
    "timeout_s": Field(whole(1, 30)),
    "cache_s": Field(whole(0, 86400)),
}

_WEBHOOKS: Final[Fields] = {
    "name": _NAME,
    "url": Field(web_address, required=True, example='"https://crm.example.net/calls"'),
    "secret_env": Field(environment, required=True, example="WEBHOOK_SECRET"),
    "events": Field(list_of(choice(*EVENTS))),
}

SECTIONS: Final[dict[str, Fields]] = {
    "users": _USERS,
    "groups": _GROUPS,
    "queues": _QUEUES,
    "rooms": _ROOMS,
    "numbers": _NUMBERS,
    "trunks": _TRUNKS,
    "routes": _ROUTES,
    "emergency": _EMERGENCY,
    "contacts": _CONTACTS,
    "crm": _CRM,
    "webhooks": _WEBHOOKS,
    "statuses": STATUS_FIELDS,
    "codes": _CODES,
}
"""Every section that a site file may have."""

NOT_SERVED: Final[dict[str, frozenset[str]]] = {
    "users": frozenset({"roles"}),
}
"""Keys that are checked and not yet acted upon: a load says so when one of them is used."""
