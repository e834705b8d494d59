"""What a view gets once somebody has signed in."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from leads.models import User


class SignedInRequest(HttpRequest):
    user: User
    htmx: HtmxDetails
