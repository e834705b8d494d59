"""What somebody says who makes a version live."""

from __future__ import annotations

from django import forms


class NoteForm(forms.Form):
    note = forms.CharField(
        max_length=400,
        label="What changes, and why",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say in a sentence what changes and why."},
    )
