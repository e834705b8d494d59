from django.urls import path, register_converter

from leads.urls_documents import document_paths
from leads.views import document_publish, draft_row_changes, draft_rows
from sla.calendar_pages import CALENDARS, CalendarConverter
from sla.policy_pages import POLICIES
from sla.views import (
    acknowledging,
    answer_times,
    applying,
    calendars,
    compliance,
    deliveries,
    instant_answers,
    lists,
    notices,
    now,
    policies,
    probes,
    retiring,
    status,
)

register_converter(CalendarConverter, "calendar")

app_name = "sla"
CALENDAR = "sla/calendars/<calendar:pages>/"
VERSION = f"{CALENDAR}<int:number>/"
HOURS = {"table": "hours", "key": ""}
PROMISES, SET = {"pages": POLICIES}, "sla/policies/<int:number>/"

urlpatterns = [
    path("sla/", now.now, name="now"),
    path("sla/compliance/", compliance.compliance, name="compliance"),
    path("sla/clocks/", lists.clocks, name="clocks"),
    path("sla/handoffs/", lists.handoffs, name="handoffs"),
    path("sla/instant-answers/", instant_answers.instant_answers, name="instant_answers"),
    path("sla/instant-answers/preview/", instant_answers.show_preview, name="answer_preview"),
    path("sla/instant-answers/<slug:slug>/", instant_answers.waited, name="answers_waited"),
    path("sla/instant-answers/<int:pk>/resend/", instant_answers.resend, name="resend_answer"),
    path("sla/deliveries/", deliveries.deliveries, name="deliveries"),
    path("sla/deliveries/<int:pk>/resend/", deliveries.resend, name="resend_delivery"),
    path("sla/deliveries/resend/", deliveries.resend_everything, name="resend_everything"),
    path("sla/deliveries/of/<int:pk>/resend/", deliveries.resend_all, name="resend_deliveries"),
    path("sla/policies/", policies.policies, PROMISES, name="policies"),
    path(SET, policies.version, PROMISES, name="policies_version"),
    path(f"{SET}check/", policies.check, PROMISES, name="policies_check"),
    path(f"{SET}closed/<slug:key>/", policies.closed, PROMISES, name="policies_closed"),
    path(f"{SET}try/", policies.try_a_lead, PROMISES, name="policies_try"),
    path(f"{SET}publish/", document_publish.publish, PROMISES, name="policies_publish"),
    path("sla/policies/apply/", applying.apply, PROMISES, name="policies_apply"),
    path(
        "sla/policies/apply/progress/", applying.progress, PROMISES, name="policies_apply_progress"
    ),
    *document_paths(POLICIES, "sla/policies"),
    path("sla/calendars/", calendars.calendars, {"pages": CALENDARS}, name="calendars"),
    path("sla/calendars/new/", calendars.add_calendar, name="calendar_add_one"),
    path(CALENDAR, calendars.calendar, name="calendar"),
    path(f"{CALENDAR}retire/", retiring.retire, name="calendar_retire"),
    path(f"{CALENDAR}bring-back/", retiring.bring_back, name="calendar_bring_back"),
    path(VERSION, calendars.version, name="calendar_version"),
    path(f"{VERSION}check/", calendars.check, name="calendar_check"),
    path(f"{VERSION}publish/", document_publish.publish, name="calendar_publish"),
    path(f"{VERSION}arrived/<int:day>/<int:hour>/", calendars.arrived, name="calendar_arrived"),
    path(f"{VERSION}hours/", draft_rows.edit_row, HOURS, name="calendar_hours"),
    path(
        f"{VERSION}hours/restore/",
        draft_row_changes.restore_row,
        HOURS,
        name="calendar_restore_hours",
    ),
    path(f"{CALENDAR}apply/", applying.apply, name="calendar_apply"),
    path(f"{CALENDAR}apply/progress/", applying.progress, name="calendar_apply_progress"),
    *document_paths(CALENDARS, "sla/calendars/<calendar:pages>"),
    path("handoffs/<int:pk>/acknowledge/", acknowledging.acknowledge_handoff, name="acknowledge"),
    path("notifications/", notices.notifications, name="notifications"),
    path("notifications/unseen/", notices.unseen, name="unseen"),
    path("notifications/seen/", notices.mark_all_seen, name="mark_all_seen"),
    path("notifications/<int:pk>/open/", notices.open_notification, name="open_notification"),
    path("forms/<slug:slug>/answer-time/", answer_times.form_answer_time, name="form_answer_time"),
    path("status/", status.status, name="status"),
    path("status/processes/<int:pk>/forget/", status.forget_process, name="forget_process"),
    path("status/alarms/", status.alarm_banner, name="alarm_banner"),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
]
