from __future__ import annotations

from django.contrib import admin


class HandoffAdminSite(admin.AdminSite):
    site_header = "Handoff: every record"
    site_title = "Handoff"
    index_title = "Records"
    site_url = "/"
