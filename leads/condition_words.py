"""Conditions in plain English."""

from collections.abc import Mapping, Sequence

from leads.facts import ACTIVITY_KINDS, Fact
from leads.operators import Operator, Takes

# How what a yes-or-no fact says is denied, the first that fits.
DENIALS = (
    *((f" {has} {article} ", f" {has} no ") for has in ("Has", "has") for article in ("a", "an")),
    *((f" {has} ", f" {has} no ") for has in ("Has", "has")),
    *((f" {be} ", f" {be} not ") for be in ("Is", "is")),
)


def subject(
    fact: Fact, *, kind: str = "", where: Mapping[str, object] | None = None, days: int | None
) -> str:
    """Return what a condition asks about: "Employees", "Pricing views in 7 days"."""
    if not fact.is_behaviour:
        return fact.label
    activity = ACTIVITY_KINDS[kind]
    words = {
        "activity.count": activity.plural,
        "activity.days_since_last": f"Days since the last {activity.label.lower()}",
        "activity.distinct_days": f"Days with {activity.plural.lower()}",
    }[fact.name]
    if where:
        words += " with " + " and ".join(f"{name} {value}" for name, value in where.items())
    return f"{words} in {_days(days)}" if days else words


def told(asked: str, fact: Fact, operator: Operator, value: object) -> str:
    """Return a condition on what is `asked` as a sentence: "Employees is at least 200", and of
    what is or is not so "Has a phone number", "Has no phone number", "No consent".
    """
    match operator.key:
        case "is_true":
            return asked
        case "is_false":
            return _denied(asked, fact)
    return f"{asked} {comparison(fact, operator, value)}"


def _denied(asked: str, fact: Fact) -> str:
    for said, denied in DENIALS:
        if said in f" {asked}":
            return f" {asked}".replace(said, denied, 1).strip()
    if fact.name.startswith("custom."):  # people's own labels may be no nouns
        return f"{asked}: no"
    return f"No {asked[:1].lower()}{asked[1:]}"


def comparison(fact: Fact, operator: Operator, value: object) -> str:
    """Return the rest of the sentence: "is between 200 and 2,000"."""
    match operator.takes, value:
        case Takes.NOTHING, _:
            return operator.label
        case Takes.RANGE, [low, high]:
            return f"{operator.label} {shown(fact, low)} and {shown(fact, high)}"
        case Takes.DAYS, int(days):
            return f"{operator.label} {_days(days)}"
        case Takes.MANY, [*values]:
            return f"{operator.label} {enumerated([shown(fact, each) for each in values])}"
    return f"{operator.label} {shown(fact, value)}"


def shown(fact: Fact, value: object) -> str:
    """Return a value as a person writes it; "unknown" for None."""
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(str, value)) or "none"
        case int() | float():
            return f"{value:,}{'%' if fact.unit == '%' else ''}"
        case str() if fact.choices:
            return fact.choice_label(value)
    return str(value)


def enumerated(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days:,} days"
