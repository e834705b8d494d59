"""A lead that is only typed in, to see where the table would send it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from leads.countries import country_code, region_of
from leads.fact_sheet import band_facts
from leads.facts import BANDS, Choices, Fact, FactType
from leads.models import Handoff, IntakeSource
from leads.normalising import domain_of, is_free_domain
from leads.titles import function_of, seniority_of

UNKNOWN = ("", "Unknown")
YES_OR_NO = (UNKNOWN, ("yes", "Yes"), ("no", "No"))
# What the fields below tell, or what is read from the account.
TOLD_OTHERWISE = frozenset(
    {
        *("account.name", "account.has_owner", "account.has_open_opportunity"),
        *(
            "account.country",
            "person.country",
            "account.region",
            "account.state",
            "account.industry",
            "account.employees",
        ),
        *("person.email", "person.email_domain", "person.email_is_free"),
        *("person.title", "person.seniority", "person.function"),
        *("lead.source", "lead.motion", "handoff.path", "handoff.hand_raise"),
        *("score.band", "score.fit", "score.readiness"),
    }
)


def _text(label: str, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, **{"max_length": 200, **more})


class TryForm(forms.Form):
    """Blank is unknown. others: what the table asks beside this."""

    company = _text("Company")
    email = forms.EmailField(label="E-mail", required=False)
    title = _text("Job title")
    country = _text("Country", max_length=80, help_text="DE or Germany; it decides the region.")
    state = _text("State")
    industry = _text("Industry")
    employees = forms.IntegerField(label="Employees", min_value=0, required=False)
    source = forms.ModelChoiceField(
        IntakeSource.objects.order_by("name"), label="Source", required=False, empty_label="Unknown"
    )
    opened_by = forms.ChoiceField(label="Opened by", required=False)
    band = forms.ChoiceField(label="Band", choices=[UNKNOWN, *BANDS], required=False)

    def __init__(self, data: Any, *, others: Iterable[Fact], hand_raises: Choices) -> None:
        super().__init__(data)
        path = Handoff.Path
        paths = [(path.SCORE.value, "Its score"), (path.WAKE.value, path.WAKE.label)]
        paths.append((path.MANUAL.value, "By hand"))
        opened_by = self.fields["opened_by"]
        assert isinstance(opened_by, forms.ChoiceField)
        opened_by.choices = [UNKNOWN, ("A hand-raise", hand_raises), *paths]
        self.others = {_name(fact): fact for fact in others if fact.name not in TOLD_OTHERWISE}
        self.fields |= {name: _field_for(fact) for name, fact in self.others.items()}

    def clean_country(self) -> str:
        code = country_code(words) if (words := self.cleaned_data["country"]) else ""
        if code is None:
            raise forms.ValidationError("Write it as two letters, like SE, or by its English name.")
        return code

    def facts(self) -> dict[str, object]:
        """Return what was typed as facts; what was left blank is not among them."""
        typed = self.cleaned_data
        told = {
            "account.name": typed["company"],
            "account.country": typed["country"],
            "person.country": typed["country"],
            "account.region": region_of(typed["country"]),
            "account.state": typed["state"],
            "account.industry": typed["industry"],
            "account.employees": typed["employees"],
            **_person(typed["email"], typed["title"]),
            **_source(typed["source"]),
            **self._opened_by(typed["opened_by"]),
            **band_facts(typed["band"]),
            **{fact.name: _value(fact, typed[name]) for name, fact in self.others.items()},
        }
        return {name: value for name, value in told.items() if value not in ("", None, [])}

    def _opened_by(self, key: str) -> dict[str, object]:
        if not key or key in Handoff.Path.values:
            return {"handoff.path": key}
        return {"handoff.path": Handoff.Path.HAND_RAISE, "handoff.hand_raise": key}


def _person(email: str, title: str) -> dict[str, object]:
    domain = domain_of(email)
    return {
        "person.email": email,
        "person.email_domain": domain,
        "person.email_is_free": is_free_domain(domain) if domain else None,
        "person.title": title,
        "person.seniority": seniority_of(title),
        "person.function": function_of(title),
    }


def _source(source: IntakeSource | None) -> dict[str, object]:
    return {"lead.source": source.slug, "lead.motion": source.motion} if source else {}


def _name(fact: Fact) -> str:
    return fact.name.replace(".", "-")


def _field_for(fact: Fact) -> forms.Field:
    about: dict[str, Any] = {"label": fact.label, "required": False}
    match fact.type:
        case FactType.CHOICE:
            return forms.ChoiceField(choices=[UNKNOWN, *fact.choices], **about)
        case FactType.BOOLEAN:
            return forms.ChoiceField(choices=YES_OR_NO, **about)
        case FactType.NUMBER:
            return forms.FloatField(**about)
        case FactType.DATE:
            return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **about)
        case FactType.LIST:
            return forms.CharField(help_text="With commas between.", **about)
    return forms.CharField(max_length=200, **about)


def _value(fact: Fact, typed: Any) -> object:
    match fact.type:
        case FactType.BOOLEAN:
            return {"yes": True, "no": False}.get(typed)
        case FactType.LIST:
            return [each.strip() for each in typed.split(",") if each.strip()]
        case FactType.DATE:
            return typed.isoformat() if typed else None
    return typed
