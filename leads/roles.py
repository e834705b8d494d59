"""The groups that carry the roles, and what each may do in the records admin."""

from django.apps import AppConfig
from django.contrib.auth.models import Group, Permission

from leads.models import Role

APPS = ("leads", "sla", "routing", "feedback")
DRAFTS = (
    "version",
    "publication",
    "fitrule",
    "disqualifier",
    "signal",
    "modifier",
    "groupcap",
    "handraise",
    "depthrule",
    "requiredfield",
    "bands",
    "checklistitem",
    "customfact",
    "stage",
    "routingrule",
    "policy",
    "target",
    "calendarterms",
    "reasoncode",
    "intakesource",
    "submission",
)


def make_groups(sender: AppConfig, **kwargs: object) -> None:
    """After migrating: one group for each role, with its permissions. Safe to repeat."""
    for role in Role:
        Group.objects.get_or_create(name=role.value)
    ours = Permission.objects.filter(content_type__app_label__in=APPS)
    Group.objects.get(name=Role.ADMIN).permissions.set(ours)
    views = ours.filter(codename__startswith="view_")
    drafts = ours.filter(content_type__model__in=DRAFTS)
    Group.objects.get(name=Role.MARKETING_OPS).permissions.set(views | drafts)
