"""Every record of this app in the Django admin: what may be set there, and what is only read."""

from leads.admin import documents, intake, people, records, settings

__all__ = ["documents", "intake", "people", "records", "settings"]
