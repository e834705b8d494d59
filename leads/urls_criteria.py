"""Addresses of the criteria: reading them, drafts, what a draft would change."""

from django.urls import path

from leads.criteria_pages import CRITERIA
from leads.urls_documents import document_paths
from leads.views import criteria, criteria_effects, draft_row_changes, draft_rows

BANDS = {"pages": CRITERIA, "table": "bands", "key": ""}

urlpatterns = [
    path("criteria/", criteria.live, name="criteria"),
    path("criteria/<int:number>/lead/", criteria_effects.one_lead, name="criteria_lead"),
    path(
        "criteria/<int:number>/distribution/",
        criteria_effects.all_leads,
        name="criteria_distribution",
    ),
    path("criteria/<int:number>/", criteria.version, name="criteria_version"),
    path("criteria/<int:number>/bands/", draft_rows.edit_row, BANDS, name="criteria_bands"),
    path(
        "criteria/<int:number>/bands/restore/",
        draft_row_changes.restore_row,
        BANDS,
        name="criteria_restore_bands",
    ),
    *document_paths(CRITERIA, "criteria"),
]
