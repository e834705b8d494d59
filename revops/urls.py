from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from revops.views import criteria_apply, home

handler500 = "revops.views.errors.server_error"
urlpatterns = [
    path("", home.home, name="home"),
    path("favicon.ico", RedirectView.as_view(url=static("favicon.svg"))),
    path("criteria/apply/", criteria_apply.apply_criteria, name="criteria_apply"),
    path("criteria/apply/progress/", criteria_apply.progress, name="criteria_apply_progress"),
    path("", include("leads.urls")),
    path("", include("sla.urls")),
    path("", include("routing.urls")),
    path("", include("feedback.urls")),
    path("setup/", include("revops.urls_setup")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
]
