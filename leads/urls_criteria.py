"""Addresses of the criteria: reading them, drafts, what a draft would change."""

from django.urls import path

from leads.views import (
    criteria,
    criteria_effects,
    criteria_history,
    criteria_row_changes,
    criteria_rows,
)

ROW = "criteria/<int:number>/rows/<slug:table>/<str:key>/"

urlpatterns = [
    path("criteria/", criteria.live, name="criteria"),
    path("criteria/draft/", criteria.start_draft, name="criteria_start_draft"),
    path("criteria/history/", criteria_history.history, name="criteria_history"),
    path("criteria/<int:number>/diff/", criteria_history.diff, name="criteria_diff"),
    path("criteria/<int:number>/go-back/", criteria_history.go_back, name="criteria_go_back"),
    path("criteria/<int:number>/discard/", criteria_history.discard, name="criteria_discard"),
    path("criteria/<int:number>/lead/", criteria_effects.one_lead, name="criteria_lead"),
    path(
        "criteria/<int:number>/distribution/",
        criteria_effects.all_leads,
        name="criteria_distribution",
    ),
    path("criteria/<int:number>/", criteria.version, name="criteria_version"),
    path(
        "criteria/<int:number>/bands/",
        criteria_rows.edit_row,
        {"table": "bands", "key": ""},
        name="criteria_bands",
    ),
    path(
        "criteria/<int:number>/bands/restore/",
        criteria_row_changes.restore_row,
        {"table": "bands", "key": ""},
        name="criteria_restore_bands",
    ),
    path(
        "criteria/<int:number>/rows/<slug:table>/add/",
        criteria_rows.edit_row,
        name="criteria_add",
    ),
    path(ROW, criteria_rows.edit_row, name="criteria_row"),
    path(f"{ROW}remove/", criteria_row_changes.remove_row, name="criteria_remove"),
    path(f"{ROW}move/", criteria_row_changes.move_row, name="criteria_move"),
    path(f"{ROW}restore/", criteria_row_changes.restore_row, name="criteria_restore"),
]
