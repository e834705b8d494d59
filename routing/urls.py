from django.urls import path

from leads.urls_documents import document_paths
from leads.views import document_publish
from routing.table_pages import TABLE
from routing.views import (
    absences,
    decisions,
    reassign,
    rotas,
    table,
    table_check,
    table_leads,
    table_replay,
    table_try,
    territories,
)
from routing.views.table_publish import PUBLISHING

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
    path(
        "routing/before/<slug:why>/",
        table_leads.unasked_leads,
        GIVEN,
        name="table_unasked_leads",
    ),
    path(VERSION, table.version, GIVEN, name="table_version"),
    path(f"{VERSION}map.csv", table.download, GIVEN, name="table_csv"),
    path(f"{VERSION}check/", table_check.check, GIVEN, name="table_check"),
    path(f"{VERSION}check/leads/", table_leads.finding_leads, GIVEN, name="table_check_leads"),
    path(f"{VERSION}came/<slug:which>/", table_leads.came_leads, GIVEN, name="table_came_leads"),
    path(f"{VERSION}try/", table_try.try_a_lead, GIVEN, name="table_try"),
    path(f"{VERSION}replay/", table_replay.replay, GIVEN, name="table_replay"),
    path(f"{VERSION}replay/said/", table_replay.replay_said, GIVEN, name="table_replay_said"),
    path(f"{VERSION}replay/leads/", table_replay.replay_leads, GIVEN, name="table_replay_leads"),
    path(
        f"{VERSION}replay/progress/",
        table_replay.progress,
        GIVEN,
        name="table_replay_progress",
    ),
    path(
        f"{VERSION}replay/cancel/",
        table_replay.cancel_replay,
        GIVEN,
        name="table_replay_cancel",
    ),
    path(
        f"{VERSION}publish/",
        document_publish.publish,
        {**GIVEN, "publishing": PUBLISHING},
        name="table_publish",
    ),
    *document_paths(TABLE, "routing"),
    path("routing/rotas/", rotas.rotas, name="rotas"),
    path("routing/rotas/new/", rotas.edit_rota, name="rota_add"),
    path("routing/rotas/<int:pk>/", rotas.rota, name="rota"),
    path("routing/rotas/<int:pk>/edit/", rotas.edit_rota, name="rota_edit"),
    path("routing/rotas/<int:pk>/leads/<slug:which>/", rotas.rota_leads, name="rota_leads"),
    path("routing/rotas/<int:pk>/skips/", rotas.rota_skips, name="rota_skips"),
    path("routing/territories/", territories.territories, name="territories"),
    path("routing/territories/new/", territories.edit_territory, name="territory_add"),
    path("routing/territories/<int:pk>/", territories.edit_territory, name="territory_edit"),
    path("routing/territories/<int:pk>/move/", territories.move_territory, name="territory_move"),
    path(
        "routing/territories/<int:pk>/remove/",
        territories.remove_territory,
        name="territory_remove",
    ),
    path(
        "routing/territories/<slug:which>/leads/",
        territories.territory_leads,
        name="territory_leads",
    ),
    path("routing/absences/", absences.absences, name="absences"),
    path("routing/absences/new/", absences.edit_absence, name="absence_add"),
    path("routing/absences/<int:pk>/", absences.edit_absence, name="absence_edit"),
    path("routing/absences/<int:pk>/end/", absences.end_absence, name="absence_end"),
    path("routing/absences/<int:pk>/leads/", absences.absence_leads, name="absence_leads"),
    path("routing/decisions/<int:pk>/", decisions.why, name="why"),
    path("handoffs/<int:pk>/reassign/", reassign.reassign_handoff, name="reassign"),
]
