"""What a row of the table asks of whoever gets the lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import get_language_info


@dataclass(frozen=True, slots=True)
class Needs:
    """What a rule asks of whoever gets the lead: all of these skills and languages (by their codes)
    and, if `at_work`, to be at work now.
    """

    skills: Sequence[str] = ()
    languages: Sequence[str] = ()
    at_work: bool = False


ANYBODY = Needs()


def lacks(needs: Needs, skills: Sequence[str], languages: Sequence[str]) -> str:
    """Return what somebody with these lacks, in words that follow their name; "" if nothing."""
    has = {each.casefold() for each in skills}
    speaks = {each.casefold() for each in languages}
    for skill in needs.skills:
        if skill.casefold() not in has:
            return f"lacks the skill {skill}"
    for code in needs.languages:
        if code.casefold() not in speaks:
            return f"does not speak {language_name(code)}"
    return ""


def language_name(code: str) -> str:
    """Return what a language is called: "German" for "de"; a code that nobody knows stays."""
    try:
        return str(get_language_info(code.casefold())["name"])
    except KeyError:
        return code
