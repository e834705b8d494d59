from django.urls import path

from leads.urls_documents import document_paths
from routing.table_pages import TABLE
from routing.views import (
    decisions,
    reassign,
    table,
    table_check,
    table_leads,
    table_publish,
    table_try,
)

app_name = "routing"
GIVEN = {"pages": TABLE}
VERSION = "routing/<int:number>/"

urlpatterns = [
    path("routing/", table.table, GIVEN, name="table"),
    path("routing/upkeep/", table.upkeep, GIVEN, name="table_upkeep"),
    path(
        "routing/rows/<slug:key>/<slug:which>/",
        table_leads.row_leads,
        GIVEN,
        name="table_row_leads",
    ),
    path(VERSION, table.version, GIVEN, name="table_version"),
    path(f"{VERSION}map.csv", table.download, GIVEN, name="table_csv"),
    path(f"{VERSION}check/", table_check.check, GIVEN, name="table_check"),
    path(f"{VERSION}check/leads/", table_leads.finding_leads, GIVEN, name="table_check_leads"),
    path(f"{VERSION}try/", table_try.try_a_lead, GIVEN, name="table_try"),
    path(f"{VERSION}publish/", table_publish.publish, GIVEN, name="table_publish"),
    *document_paths(TABLE, "routing"),
    path("routing/decisions/<int:pk>/", decisions.why, name="why"),
    path("handoffs/<int:pk>/reassign/", reassign.reassign_handoff, name="reassign"),
]
