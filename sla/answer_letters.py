"""The mail that answers a prospect at once: a template with a fixed list of variables, filled with
what may stand in a mail of ours to an address that anybody may have typed. Pure.

What prospects say of themselves is hostile: a name that looks like a link or an address is left
out, so that nobody can have us send their words to somebody else. A line of which a variable has
nothing to say is left out as a whole.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from sla.messages import one_line

# What a template may name, with what it stands for.
VARIABLES = {
    "first_name": "The prospect’s first name; “there” if it is not known.",
    "company": "The prospect’s company; “your company” if it is not known.",
    "request": "What they asked for, as the criteria call it.",
    "expected_time": "When they hear from a person: “within 25 minutes”.",
    "owner_name": "Who has the lead, once somebody does.",
    "booking_link": "Where they can book a meeting with that person.",
    "our_name": "The name of your organisation.",
}
VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
# Anything that a mail program makes a link of, or that ends a tag.
TELLTALE = re.compile(r"://|www\.|@|[<>{}\\]|\w\.\w{2,}|/", re.IGNORECASE)
LONGEST_FIRST_NAME, LONGEST_COMPANY = 30, 60


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    is_link: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A filled template: paragraphs of lines of parts."""

    subject: str
    paragraphs: tuple[tuple[tuple[Part, ...], ...], ...]

    @property
    def text(self) -> str:
        lines = (
            "\n".join("".join(part.text for part in line) for line in paragraph)
            for paragraph in self.paragraphs
        )
        return "\n\n".join(lines) + "\n"


def check_template(text: str) -> None:
    """Raise ValidationError, in words, unless all that `text` names is a variable."""
    problems = [
        f"“{name}” is none of the variables: {', '.join(VARIABLES)}."
        for name in dict.fromkeys(VARIABLE.findall(text))
        if name not in VARIABLES
    ]
    rest = VARIABLE.sub("", text)
    if "{{" in rest or "}}" in rest or "{%" in rest or "%}" in rest:
        problems.append(
            "A variable stands between {{ and }}, and nothing else does: {{ company }}."
        )
    if problems:
        raise ValidationError(problems)


def first_name_of(name: str) -> str:
    """Return what to greet somebody by; "there" if their name is none that we would write."""
    first = harmless(name, LONGEST_FIRST_NAME, first_word=True)
    return first if any(map(str.isalpha, first)) else "there"


def company_of(company: str) -> str:
    return harmless(company, LONGEST_COMPANY) or "your company"


def harmless(text: str, longest: int, *, first_word: bool = False) -> str:
    """Return what somebody said of themselves in one line, or "" if it could be taken for a link,
    an address or a message.
    """
    line = one_line(text)
    if TELLTALE.search(line):
        return ""
    words = line.split()
    line = words[0] if first_word and words else line
    return line if len(line) <= longest else ""


def fill(subject: str, body: str, values: Mapping[str, str]) -> Letter:
    """Return the template filled with `values`; "" of one leaves its lines out.

    Raises ValidationError for a template that names what is no variable.
    """
    check_template(f"{subject}\n{body}")
    lines = (_filled(line.rstrip(), values) for line in body.replace("\r\n", "\n").split("\n"))
    told = VARIABLE.sub(lambda found: values[found[1]], subject)
    return Letter(one_line(told)[:200], tuple(_paragraphs(lines)))


def left_out(body: str, values: Mapping[str, str]) -> list[str]:
    """Return the variables for whose sake lines of `body` are left out, each once."""
    named = dict.fromkeys(VARIABLE.findall(body))
    return [name for name in named if name in values and not values[name]]


def _filled(line: str, values: Mapping[str, str]) -> tuple[Part, ...] | None:
    """Return the parts of a line; none for a blank one, None for one that is left out."""
    if not all(values[name] for name in VARIABLE.findall(line)):
        return None
    parts = (
        Part(values[piece], is_link=piece == "booking_link") if is_name else Part(piece)
        for is_name, piece in _pieces(line)
    )
    return tuple(part for part in parts if part.text)


def _pieces(line: str) -> Iterator[tuple[bool, str]]:
    """Yield what stands between variables, and their names."""
    for number, piece in enumerate(VARIABLE.split(line)):
        yield number % 2 == 1, piece


def _paragraphs(
    lines: Iterator[tuple[Part, ...] | None],
) -> Iterator[tuple[tuple[Part, ...], ...]]:
    paragraph: list[tuple[Part, ...]] = []
    for line in lines:
        if line:
            paragraph.append(line)
        elif line is not None and paragraph:
            yield tuple(paragraph)
            paragraph = []
    if paragraph:
        yield tuple(paragraph)
