"""Every record of this app in the Django admin: what may be set there, and what is only read."""

from leads.admin import attributes, documents, intake, people, records, settings

__all__ = ["attributes", "documents", "intake", "people", "records", "settings"]
