"""Fields for lists that people type with commas between."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError

from routing.needs import language_name

SEPARATORS = re.compile(r"[,;\n]")
# By code and by name, in English and as its speakers call it.
LANGUAGES = {
    str(words).casefold(): code
    for code, about in LANG_INFO.items()
    if "name" in about and len(code) <= 8
    for words in (code, about["name"], about["name_local"])
}


class WordsField(forms.CharField):
    """Words with commas, semicolons or line breaks between; cleaned to a list, each once."""

    def __init__(self, *, longest: int, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.longest = longest

    def prepare_value(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else ", ".join(value)

    def clean(self, value: Any) -> list[str]:
        words = [" ".join(part.split()) for part in SEPARATORS.split(super().clean(value))]
        found = list(dict.fromkeys(self.read(word) for word in words if word))
        if too_long := [word for word in found if len(word) > self.longest]:
            raise ValidationError(f"“{too_long[0]}” is longer than {self.longest} characters.")
        return found

    def read(self, word: str) -> str:
        return word


class LanguagesField(WordsField):
    """Languages by name or code; cleaned to codes."""

    def prepare_value(self, value: Any) -> Any:
        names = value if value is None or isinstance(value, str) else map(language_name, value)
        return super().prepare_value(names)

    def read(self, word: str) -> str:
        code = LANGUAGES.get(word.casefold())
        if code is None:
            raise ValidationError(f"“{word}” is no language. Write it like German, or de.")
        return code
