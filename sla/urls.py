from django.urls import path

from sla.views import answer_times, compliance, lists, notices, now, probes, status

app_name = "sla"

urlpatterns = [
    path("sla/", now.now, name="now"),
    path("sla/compliance/", compliance.compliance, name="compliance"),
    path("sla/clocks/", lists.clocks, name="clocks"),
    path("sla/handoffs/", lists.handoffs, name="handoffs"),
    path("notifications/", notices.notifications, name="notifications"),
    path("notifications/seen/", notices.mark_all_seen, name="mark_all_seen"),
    path("notifications/<int:pk>/open/", notices.open_notification, name="open_notification"),
    path("forms/<slug:slug>/answer-time/", answer_times.form_answer_time, name="form_answer_time"),
    path("status/", status.status, name="status"),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
]
