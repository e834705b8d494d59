"""What forms say of a mistake: Django's words name neither the field nor what it is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django import forms
from django.forms.utils import pretty_name
from django.utils.functional import Promise

SAID: Mapping[str, str] = {
    "required": "“{label}” is blank.",
    "min_value": "“{label}” is at least %(limit_value)s.",
    "max_value": "“{label}” is at most %(limit_value)s.",
    "max_length": "“{label}” has at most %(limit_value)s characters, not %(show_value)s.",
    "max_digits": "“{label}” has at most %(max)s digits.",
    "max_whole_digits": "“{label}” has at most %(max)s digits before the point.",
    "max_decimal_places": "“{label}” has at most %(max)s digits after the point.",
    "invalid_choice": "“{label}” can't be “%(value)s”: choose from the list.",
    "invalid_pk_value": "“{label}” can't be “%(pk)s”: choose from the list.",
}
# Of a field that is several of these the first counts.
INVALID: Mapping[type[forms.Field], str] = {
    forms.DecimalField: "“{label}” is a number.",
    forms.IntegerField: "“{label}” is a whole number.",
    forms.DateField: "“{label}” is a day such as 2026-12-24.",
    forms.EmailField: "“{label}” is an address such as ana@example.com.",
    forms.URLField: "“{label}” is a web address such as https://example.com.",
    forms.SlugField: "“{label}” has only letters, digits, - and _, as addresses do.",
}


class Whole(str):
    """A sentence with nothing to fill in, whatever is given: a number that is “nan” is invalid with
    its value, one that is a word without.
    """

    def __mod__(self, given: object) -> str:
        return self


def speak_plainly(fields: Mapping[str, forms.Field]) -> None:
    """Have `fields` say what is wrong with a value in the words above. Their own words stay."""
    for name, field in fields.items():
        label = str(field.label or pretty_name(name))
        for code, sentence in _sentences(field):
            # Django's own are promises of a translation.
            if isinstance(field.error_messages.get(code), Promise | None):
                if "%(" in sentence:
                    said = sentence.format(label=label.replace("%", "%%"))
                else:
                    said = Whole(sentence.format(label=label))
                field.error_messages[code] = said


def _sentences(field: forms.Field) -> Iterator[tuple[str, str]]:
    yield from SAID.items()
    for kind, sentence in INVALID.items():
        if isinstance(field, kind):
            yield "invalid", sentence
            return
