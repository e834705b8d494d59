from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string


class RevopsConfig(AppConfig):
    name = "revops"
    default = True

    def ready(self) -> None:
        # After the last app, when every permission is there. Models can't be imported before.
        post_migrate.connect(import_string("leads.roles.make_groups"), sender=self)


class HandoffAdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "revops.admin_site.HandoffAdminSite"
