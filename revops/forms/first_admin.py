from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password

from leads.forms.plain_words import speak_plainly
from leads.forms.zones import ZoneField


def plain_helper(fields: Mapping[str, forms.Field]) -> FormHelper:
    """Return a crispy helper for a form whose tag and buttons stand in the template, and whose
    `fields` say what is wrong in our words.
    """
    speak_plainly(fields)
    helper = FormHelper()
    helper.form_tag = False
    return helper


class FirstAdminForm(forms.Form):
    """Who sets the system up, proved by the code that the installation printed."""

    code = forms.CharField(label="Set-up code", help_text="Printed where Handoff was started.")
    organisation = forms.CharField(max_length=120, label="Name of your company")
    zone = ZoneField(label="Time zone", initial="UTC")
    name = forms.CharField(max_length=120, label="Your name")
    email = forms.EmailField(label="Your e-mail")
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = plain_helper(self.fields)
        if not self.is_bound:  # then app.js chooses the browser's
            self.fields["zone"].widget.attrs["data-browser-zone"] = ""

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        expected = settings.SETUP_CODE
        if not expected or not secrets.compare_digest(code.strip().encode(), expected.encode()):
            raise forms.ValidationError("This is not the code that was printed.")
        return code

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password
