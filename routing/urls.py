from django.urls import path

from routing.views import decisions, reassign, table

app_name = "routing"

urlpatterns = [
    path("routing/", table.table, name="table"),
    path("routing/decisions/<int:pk>/", decisions.why, name="why"),
    path("handoffs/<int:pk>/reassign/", reassign.reassign_handoff, name="reassign"),
]
