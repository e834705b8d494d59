from __future__ import annotations

from django.core.management.base import BaseCommand

from leads.models import Role, User
from revops.demo.people import DOMAIN, PASSWORD


class Command(BaseCommand):
    help = "Print a login for each role of the demo; nothing where the demo is not loaded."

    def handle(self, *args: object, **options: object) -> None:
        for role in Role:
            people = User.objects.with_role(role).filter(email__endswith=f"@{DOMAIN}")
            user = people.order_by("pk").first()
            if user is not None:
                self.stdout.write(f"{role.label:<14} {user.email:<36} {PASSWORD}")
