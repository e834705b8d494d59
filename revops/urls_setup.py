from django.urls import path

from revops.views import attributes, first_admin, hours, leaving, setup

app_name = "setup"

urlpatterns = [
    path("", setup.index, name="index"),
    path("first/", first_admin.first_admin, name="first"),
    path("organisation/", setup.organisation, name="organisation"),
    path("people/", setup.people, name="people"),
    path("people/new/", setup.person, name="person_add"),
    path("people/<int:pk>/", setup.person, name="person"),
    path("people/<int:pk>/hours/", hours.person_hours, name="person_hours"),
    path("people/<int:pk>/move-on/", setup.move_on, name="person_moves_on"),
    path("people/<int:pk>/leave/", leaving.person_leaves, name="person_leaves"),
    path("people/<int:pk>/leaving/", leaving.progress, name="person_leaving"),
    path("people/<int:pk>/open/", leaving.open_leads, name="person_open"),
    path("people/<int:pk>/return/", leaving.person_returns, name="person_returns"),
    path("teams/", setup.teams, name="teams"),
    path("teams/new/", setup.team, name="team_add"),
    path("teams/<int:pk>/", setup.team, name="team"),
    path("teams/<int:pk>/hours/", hours.team_hours, name="team_hours"),
    path("sources/", setup.sources, name="sources"),
    path("sources/new/", setup.source, name="source_add"),
    path("sources/<int:pk>/", setup.source, name="source"),
    path("sources/<int:pk>/token/", setup.new_token, name="new_token"),
    path("tokens/<int:pk>/revoke/", setup.revoke_token, name="revoke_token"),
    path("reasons/", setup.reasons, name="reasons"),
    path("reasons/new/", setup.reason, name="reason_add"),
    path("reasons/<int:pk>/", setup.reason, name="reason"),
    path("attributes/", attributes.attributes, name="attributes"),
    path("attributes/new/", attributes.attribute, name="attribute_add"),
    path("attributes/<int:pk>/", attributes.attribute, name="attribute"),
]
