"""A select is written as Django's own templates write it."""

from __future__ import annotations

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates, get_default_renderer
from django.utils.safestring import mark_safe

from revops.forms.renderer import FormRenderer

CHOICES = [
    ("", "---------"),
    (1200, 1200),
    ('"><b>', "<script>"),
    ("safe", mark_safe("<i>said</i>")),
    ("A <group>", [("x", "X & Y"), ("y", "Y")]),
]


@pytest.mark.parametrize(
    ("widget", "value"),
    [
        (forms.Select(choices=CHOICES), "x"),
        (forms.Select(choices=CHOICES, attrs={"disabled": True, "class": "a&b", "n": 1}), None),
        (forms.SelectMultiple(choices=CHOICES, attrs={"required": False}), ["1200", "y"]),
        (forms.NullBooleanSelect(), True),
        (forms.Select(), ""),
    ],
)
def test_a_select_is_written_as_django_writes_it(widget, value):
    by_templates = widget.render("na<me", value, {"id": "id_x"}, DjangoTemplates())
    assert widget.render("na<me", value, {"id": "id_x"}, FormRenderer()) == by_templates


def test_every_form_is_written_so():
    assert isinstance(get_default_renderer(), FormRenderer)
