"""Addresses that every document with pages of its own has: drafts, history, rows."""

from django.urls import URLPattern, path

from leads.document_pages import DocumentPages
from leads.views import document_history, draft_row_changes, draft_rows


def document_paths(pages: DocumentPages, folder: str) -> list[URLPattern]:
    """Return the addresses below `folder` whose names are those of `pages.to`. A folder that takes
    the pages from its address is that of several documents of a kind.
    """
    version, row = f"{folder}/<int:number>/", f"{folder}/<int:number>/rows/<slug:table>/<str:key>/"
    name = pages.start.partition(":")[2]
    given = {} if ":pages>" in folder else {"pages": pages}
    return [
        path(f"{folder}/draft/", document_history.start_draft, given, f"{name}_start_draft"),
        path(f"{folder}/history/", document_history.history, given, f"{name}_history"),
        path(f"{version}diff/", document_history.diff, given, f"{name}_diff"),
        path(f"{version}go-back/", document_history.go_back, given, f"{name}_go_back"),
        path(f"{version}discard/", document_history.discard, given, f"{name}_discard"),
        path(f"{version}rows/<slug:table>/add/", draft_rows.edit_row, given, f"{name}_add"),
        path(row, draft_rows.edit_row, given, f"{name}_row"),
        path(f"{row}remove/", draft_row_changes.remove_row, given, f"{name}_remove"),
        path(f"{row}move/", draft_row_changes.move_row, given, f"{name}_move"),
        path(f"{row}restore/", draft_row_changes.restore_row, given, f"{name}_restore"),
    ]
