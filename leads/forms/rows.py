"""The form of a row of a draft, whatever document it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import slugify

from leads.draft_editing import free_key, next_position
from leads.forms.conditions import ConditionsField
from leads.forms.plain_words import speak_plainly
from leads.forms.typed_conditions import TypedConditions
from leads.models import VersionedRow
from leads.version_words import Vocabulary


class RowForm(forms.ModelForm[Any]):
    """A row of a draft. What the version and the key ask of it is checked too.

    own, address: see ConditionsWidget. is_adrift: the draft is no more; only read what was typed.
    """

    # Fields of several inputs, which take the whole width.
    wide: ClassVar[Sequence[str]] = ("conditions", "where")

    def __init__(
        self,
        data: Any = None,
        *,
        instance: models.Model,
        own: Vocabulary,
        address: str,
        is_adrift: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(data, instance=instance, **options)
        self.own = own
        self.address = address
        self.is_adrift = is_adrift
        speak_plainly(self.fields)
        next(iter(self.fields.values())).widget.attrs["autofocus"] = not self.is_bound
        conditions = self.fields.get("conditions")
        if isinstance(conditions, ConditionsField):
            conditions.use(own, address)

    def _get_validation_exclusions(self) -> set[str]:
        # Else no rule that names the version is checked, such as one cap for each group.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded if self.is_adrift else excluded - {"version", "key"}

    def _post_clean(self) -> None:
        row = self.instance
        if isinstance(row, VersionedRow) and row._state.adding and not row.key:
            peers = list(type(row)._default_manager.filter(version=row.version_id))
            row.key = free_key(peers, slugify(self.cleaned_data.get("label", ""))[:50] or "rule")
            row.position = next_position(peers)
        super()._post_clean()  # type: ignore[misc]

    def keep(self, names: Collection[str], now: models.Model) -> bool:
        """Have the cells `names` say what they do in `now`. Returns whether the row still makes
        sense; else says why not.
        """
        for name in names:
            setattr(self.instance, name, getattr(now, name))
        try:
            self.instance.full_clean()
        except ValidationError as error:
            self.add_error(None, error.messages)
        return self.is_valid()

    def point_at_mistake(self) -> bool:
        """Give the focus to the first field that is wrong. Returns whether there is one."""
        wrong = next((name for name in self.fields if name in self.errors), None)
        if wrong is not None:
            self.fields[wrong].widget.attrs["autofocus"] = True
        return wrong is not None

    def as_typed(self, action: str) -> dict[str, Any]:
        """Return all that was typed, after a press of a button in the form, to show it again."""
        typed = {
            name: field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
            for name, field in self.fields.items()
        }
        conditions = self.fields.get("conditions")
        if isinstance(conditions, ConditionsField):
            given: TypedConditions = typed["conditions"]
            typed["conditions"] = given.after(action, conditions.facts)
        return typed
