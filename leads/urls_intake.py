"""Addresses of the doors that leads come in by."""

from django.urls import path

from leads.api import api
from leads.views.api_reference import api_reference
from leads.views.forms import form_thanks, public_form
from leads.views.lead_add import lead_add, lead_added

urlpatterns = [
    path("forms/<slug:slug>/", public_form, name="public_form"),
    path("forms/<slug:slug>/thanks/", form_thanks, name="form_thanks"),
    path("leads/new/", lead_add, name="add"),
    path("leads/new/<uuid:public_id>/", lead_added, name="added"),
    path("api/v1/docs", api_reference, name="api_reference"),
    path("api/v1/", api.urls),
]
