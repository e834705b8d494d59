"""Where a territory is, and whose."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from leads.countries import country_code
from leads.normalising import is_company_domain, is_free_domain, website_domain
from routing.forms.rotas import reps_to_choose
from routing.models import Rota, Territory

SEPARATORS = re.compile(r"[,;\n]")


class WordsField(forms.CharField):
    """Words with commas, semicolons or line breaks between; cleaned to a list, each once."""

    def __init__(self, *, longest: int, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.longest = longest

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        words = [" ".join(part.split()) for part in SEPARATORS.split(super().clean(value))]
        found = list(dict.fromkeys(self.read(word) for word in words if word))
        if too_long := [word for word in found if len(word) > self.longest]:
            raise ValidationError(f"“{too_long[0]}” is longer than {self.longest} characters.")
        return found

    def read(self, word: str) -> str:
        return word


class CountriesField(WordsField):
    def read(self, word: str) -> str:
        code = country_code(word)
        if code is None:
            raise ValidationError(f"“{word}” is no country. Write a name or a code, such as DE.")
        return code


class CompaniesField(WordsField):
    def read(self, word: str) -> str:
        try:
            domain = website_domain(word)
        except ValueError:
            domain = ""
        if is_free_domain(domain):
            raise ValidationError(f"Anybody can have an address at {domain}: it is no company.")
        if not is_company_domain(domain):
            raise ValidationError(f"“{word}” is no company’s domain. Write it like acme.com.")
        return domain


class TerritoryForm(forms.ModelForm[Territory]):
    countries = CountriesField(longest=2, help_text="Names or codes with commas between.")
    states = WordsField(longest=80, help_text="As leads tell them, with commas between.")
    industries = WordsField(longest=80, help_text="As in the account record.")
    domains = CompaniesField(
        longest=253,
        label="Companies",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A named list, each by its domain, such as acme.com.",
    )

    class Meta:
        model = Territory
        fields = (
            "name",
            "countries",
            "states",
            "industries",
            "employees_from",
            "employees_to",
            "domains",
            "rep",
            "rota",
        )
        labels = {
            "employees_from": "Employees from",
            "employees_to": "Employees up to",
            "rep": "One rep’s",
            "rota": "Or a rota’s",
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        rep, rota = self.fields["rep"], self.fields["rota"]
        assert isinstance(rep, forms.ModelChoiceField)
        assert isinstance(rota, forms.ModelChoiceField)
        rep.queryset = reps_to_choose(self.instance.rep_id)
        present = Q(territories=self.instance.pk or 0)
        rota.queryset = Rota.objects.filter(Q(is_active=True) | present).distinct().order_by("name")
        rep.empty_label = rota.empty_label = "Nobody"
