"""Who may open the pages about rotas and territories."""

from __future__ import annotations

from leads.views.access import only
from routing.table_pages import may_see_table

table_readers_only = only(may_see_table)
