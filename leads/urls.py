from django.urls import path

from leads import urls_criteria, urls_intake
from leads.views import corrections, leads, profile, stage_settings, stages

app_name = "leads"
urlpatterns = [
    *urls_intake.urlpatterns,
    *urls_criteria.urlpatterns,
    path("leads/", leads.lead_list, name="leads"),
    path("leads/export.csv", leads.lead_export, name="export"),
    path("leads/<int:pk>/", leads.lead_detail, name="lead"),
    path("leads/<int:pk>/correct/", corrections.correct_lead, name="correct"),
    path("stages/", stages.stages, name="stages"),
    path("stages/<slug:key>/", stage_settings.words, name="stage"),
    path("stages/<slug:key>/<slug:which>/", stage_settings.criteria, name="stage_criteria"),
    path("me/", profile.profile, name="me"),
    path("me/absences/", profile.add_absence, name="add_absence"),
    path("me/absences/<int:pk>/end/", profile.end_absence, name="end_absence"),
]
