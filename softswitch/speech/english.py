"""English, with the clock of twelve hours."""

from __future__ import annotations

from datetime import date, time
from typing import Final

from softswitch.speech.language import Currency, Noun, in_words, month_name


def _noun(one: str, other: str = "") -> Noun:
    return Noun("m", {"one": one, "other": other or one + "s"})


class English:
    """Implements :class:`softswitch.speech.language.Language`."""

    code = "en"
    nouns: Final = {
        "operator": _noun("operator"),
        "second": _noun("second"),
        "minute": _noun("minute"),
        "hour": _noun("hour"),
        "day": _noun("day"),
        "call": _noun("call"),
        "message": _noun("message"),
        "new_message": _noun("new message"),
        "person": _noun("person", "people"),
        "order": _noun("order"),
    }
    currencies: Final = {
        "RUB": Currency(_noun("rouble"), _noun("kopeck")),
        "USD": Currency(_noun("dollar"), _noun("cent")),
        "EUR": Currency(_noun("euro"), _noun("cent")),
    }
    phrases: Final = {
        "queue_position": "your place in the queue is",
        "next_in_queue": "you are next in the queue",
        "expected_wait": "the expected waiting time is",
        "less_than_a_minute": "less than a minute",
        "recorded": "this call is recorded",
        "please_hold": "please stay on the line",
        "all_busy": "all operators are busy",
        "callback_offer": "to be called back press",
        "callback_taken": "we will call you back",
        "callback_number": "the number to call back is",
        "to_confirm": "to confirm press",
        "to_enter_another": "to enter another number press",
        "enter_number": "enter the number and press hash",
        "closed": "we are closed at the moment",
        "leave_message": "please leave a message after the tone",
        "say_name": "please say your name after the tone",
        "say_greeting": "please say your greeting after the tone",
        "to_record_greeting": "to record your greeting press",
        "message_saved": "your message was saved",
        "you_have": "you have",
        "no_messages": "no messages",
        "enter_pin": "please enter the code and press hash",
        "wrong_pin": "the code is wrong",
        "goodbye": "goodbye",
        "logged_in": "you are logged in to the queues",
        "logged_out": "you are logged out of the queues",
        "to_log_in": "to log in press",
        "to_log_out": "to log out press",
        "to_choose_status": "to choose a status press",
        "to_hear_again": "to hear this again press",
        "enter_status": "enter the number of the status and press hash",
        "status_chosen": "the status is chosen",
        "no_such_status": "there is no such status",
        "not_possible": "that is not possible now",
    }

    idioms = ("a m", "p m")

    def cardinal(self, value: int, gender: str = "m") -> str:
        """Say how many."""
        del gender
        return in_words("en", value)

    def ordinal(self, value: int, gender: str = "m") -> str:
        """Say the how-manieth."""
        del gender
        return in_words("en", value, to="ordinal")

    def time(self, moment: time) -> str:
        """Say "ten oh five p m"; noon and midnight by their names."""
        hour = self.cardinal(moment.hour % 12 or 12)
        if moment.minute == 0 and moment.hour % 12 == 0:
            return f"{hour} {'noon' if moment.hour else 'midnight'}"
        oh = "oh " if 0 < moment.minute < 10 else ""
        minute = f" {oh}{self.cardinal(moment.minute)}" if moment.minute else ""
        return f"{hour}{minute} {'a m' if moment.hour < 12 else 'p m'}"

    def date(self, day: date, *, with_year: bool) -> str:
        """Say "january first twenty twenty six"."""
        said = f"{month_name('en', day.month)} {self.ordinal(day.day)}"
        return f"{said} {in_words('en', day.year, to='year')}" if with_year else said
