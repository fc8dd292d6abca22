"""Russian: numbers agree with what is counted in gender and case."""

from __future__ import annotations

from datetime import date, time
from typing import Final

from softswitch.speech.language import Currency, Noun, counted, in_words, month_name


def _noun(gender: str, one: str, few: str, many: str) -> Noun:
    return Noun(gender, {"one": one, "few": few, "many": many, "other": few})


_CENT: Final = _noun("m", "цент", "цента", "центов")


class Russian:
    """Implements :class:`softswitch.speech.language.Language`."""

    code = "ru"
    nouns: Final = {
        "operator": _noun("m", "оператор", "оператора", "операторов"),
        "second": _noun("f", "секунда", "секунды", "секунд"),
        "minute": _noun("f", "минута", "минуты", "минут"),
        "hour": _noun("m", "час", "часа", "часов"),
        "day": _noun("m", "день", "дня", "дней"),
        "call": _noun("m", "звонок", "звонка", "звонков"),
        "message": _noun("n", "сообщение", "сообщения", "сообщений"),
        "new_message": _noun("n", "новое сообщение", "новых сообщения", "новых сообщений"),
        "person": _noun("m", "человек", "человека", "человек"),
        "order": _noun("m", "заказ", "заказа", "заказов"),
    }
    currencies: Final = {
        "RUB": Currency(_noun("m", "рубль", "рубля", "рублей"), _noun("f", "копейка", "копейки", "копеек")),
        "USD": Currency(_noun("m", "доллар", "доллара", "долларов"), _CENT),
        "EUR": Currency(_noun("m", "евро", "евро", "евро"), _CENT),
    }
    phrases: Final = {
        "queue_position": "ваш номер в очереди",
        "next_in_queue": "вы следующий в очереди",
        "expected_wait": "примерное время ожидания",
        "less_than_a_minute": "меньше минуты",
        "recorded": "разговор записывается",
        "please_hold": "пожалуйста оставайтесь на линии",
        "all_busy": "все операторы заняты",
        "callback_offer": "чтобы мы вам перезвонили нажмите",
        "callback_taken": "мы вам перезвоним",
        "callback_number": "номер для обратного звонка",
        "to_confirm": "для подтверждения нажмите",
        "to_enter_another": "чтобы ввести другой номер нажмите",
        "enter_number": "введите номер и нажмите решётку",
        "closed": "мы сейчас не работаем",
        "leave_message": "оставьте сообщение после сигнала",
        "say_name": "назовите себя после сигнала",
        "say_greeting": "произнесите приветствие после сигнала",
        "to_record_greeting": "чтобы записать приветствие нажмите",
        "message_saved": "сообщение сохранено",
        "you_have": "у вас",
        "no_messages": "нет сообщений",
        "enter_pin": "введите код и нажмите решётку",
        "wrong_pin": "неверный код",
        "goodbye": "до свидания",
        "logged_in": "вы вошли в очереди",
        "logged_out": "вы вышли из очередей",
        "to_log_in": "чтобы войти нажмите",
        "to_log_out": "чтобы выйти нажмите",
        "to_choose_status": "чтобы выбрать статус нажмите",
        "to_hear_again": "чтобы прослушать ещё раз нажмите",
        "enter_status": "введите номер статуса и нажмите решётку",
        "status_chosen": "статус выбран",
        "no_such_status": "такого статуса нет",
        "not_possible": "сейчас это невозможно",
    }

    idioms = ()

    def cardinal(self, value: int, gender: str = "m") -> str:
        """Say how many: «двадцать одна»."""
        return in_words("ru", value, gender=gender)

    def ordinal(self, value: int, gender: str = "m", case: str = "n") -> str:
        """Say the how-manieth: «двадцать первое», in the genitive «двадцать первого»."""
        return in_words("ru", value, to="ordinal", gender=gender, case=case)

    def time(self, moment: time) -> str:
        """Say «двадцать два часа пять минут»."""
        hours = counted(self, moment.hour, self.nouns["hour"])
        return f"{hours} {counted(self, moment.minute, self.nouns['minute'])}" if moment.minute else hours + " ровно"

    def date(self, day: date, *, with_year: bool) -> str:
        """Say «первое января две тысячи двадцать шестого года»."""
        said = f"{self.ordinal(day.day, 'n')} {month_name('ru', day.month)}"
        return f"{said} {self.ordinal(day.year, 'm', 'g')} года" if with_year else said
