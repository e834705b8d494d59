from django.contrib import admin
from django.urls import include, path

from revops.views import home

urlpatterns = [
    path("", home.home, name="home"),
    path("", include("leads.urls")),
    path("", include("sla.urls")),
    path("", include("routing.urls")),
    path("", include("feedback.urls")),
    path("setup/", include("revops.urls_setup")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
]
