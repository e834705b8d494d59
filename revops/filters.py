from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet

from leads.models import Role, Team, User
from revops.forms.first_admin import plain_helper


class PersonFilter(django_filters.FilterSet):  # type: ignore[misc]  # it is untyped
    words = django_filters.CharFilter(method="search", label="Name or e-mail")
    role = django_filters.ChoiceFilter(
        field_name="groups__name", choices=Role.choices, label="Role", empty_label="Any"
    )
    team = django_filters.ModelChoiceFilter(queryset=Team.objects.all(), empty_label="Any")
    is_active = django_filters.ChoiceFilter(
        choices=[(True, "Active"), (False, "Inactive")], label="State", empty_label="Any"
    )

    class Meta:
        model = User
        fields = ["words", "role", "team", "is_active"]

    def search(self, people: QuerySet[User], name: str, words: str) -> QuerySet[User]:
        return people.filter(Q(name__icontains=words) | Q(email__icontains=words))

    @property
    def helper(self) -> object:
        return plain_helper(self.form.fields)
