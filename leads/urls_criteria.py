"""Addresses of the criteria: reading them, drafts, what a draft would change."""

from django.urls import path

from leads.views import criteria

urlpatterns = [
    path("criteria/", criteria.live, name="criteria"),
    path("criteria/draft/", criteria.start_draft, name="criteria_start_draft"),
    path("criteria/<int:number>/", criteria.version, name="criteria_version"),
]
