"""Where a territory is, and whose."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from leads.countries import country_code
from leads.forms.seen import SeenRowForm
from leads.normalising import is_company_domain, is_free_domain, website_domain
from routing.forms.rotas import reps_to_choose
from routing.forms.words import WordsField
from routing.models import Rota, Territory


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


class TerritoryForm(SeenRowForm[Territory]):
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
