"""Template tags for versioned rules: a cell with what it was, and links to the leads behind."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from leads import version_words
from leads.document_pages import DocumentPages
from leads.models import Version
from leads.percents import PERCENT
from leads.row_views import CellView, RowView
from leads.templatetags.handoff import SMALL_SAMPLE
from leads.version_diff import CellChange
from leads.version_words import NOTHING
from leads.word_diff import words_unlike

register = template.Library()


@register.simple_tag
def cell(view: RowView, name: str) -> SafeString:  # type: ignore[type-arg]
    """Return one cell of a row: struck through and anew where a draft changes it."""
    return changed(view.cells[name], is_gone=view.is_removed, is_new=view.how == "added")


@register.simple_tag
def changed(words: CellView, *, is_gone: bool = False, is_new: bool = False) -> SafeString:
    if words.before is not None:
        return format_html("<del>{}</del> <ins>{}</ins>", words.before, words.text)
    if words.text == NOTHING:
        return format_html('<span class="any">{}</span>', NOTHING)
    if is_gone or is_new:
        tag = "del" if is_gone else "ins"
        return format_html("<{}>{}</{}>", tag, words.text, tag)  # a fixed tag, not a person's text
    return format_html("{}", words.text)


@register.simple_tag
def parts_before(change: CellChange) -> SafeString:
    """Return what stood in each part of a cell, the words that went struck through."""
    return _parts("del", change.parts)


@register.simple_tag
def parts_after(change: CellChange) -> SafeString:
    """Return what stands in each part of a cell, the words that came marked."""
    return _parts("ins", [(after, before) for before, after in change.parts])


def _parts(tag: str, pairs: Sequence[tuple[str, str]]) -> SafeString:
    """Return a list of what is there, with a tag around the words that are not there opposite."""
    lines = [(_marked(tag, one, other),) for one, other in pairs if one != NOTHING]
    if not lines:
        return format_html('<span class="any">{}</span>', NOTHING)
    listed = format_html_join("", "<li>{}</li>", lines)
    return format_html('<ul class="plain" dir="auto">{}</ul>', listed)


def _marked(tag: str, text: str, other: str) -> SafeString:
    marked, plain = f"<{tag}>{{}}</{tag}>", "{}"  # a fixed tag, not a person's text
    words = words_unlike(text, other)
    runs = ((format_html(marked if is_unlike else plain, run),) for run, is_unlike in words)
    return format_html_join(" ", "{}", runs)


@register.simple_tag
def place(pages: DocumentPages, name: str, *args: object) -> str:
    """Return the address of a page of a document; see DocumentPages.to."""
    return pages.url(name, *args)


@register.simple_tag
def leads_behind(version: Version, what: str) -> str:
    """Return the address of the leads that a criterion of `version` touches; see leads/filters."""
    return f"{reverse('leads:leads')}?{urlencode({'criterion': f'{version.number}:{what}'})}"


@register.filter
def signed(number: int) -> str:
    return version_words.signed(number)


@register.simple_tag
def share(part: int, whole: int) -> str:
    """Return a share in whole percent; nothing of too few."""
    return f"{part * 100 / whole:.0f}{PERCENT}" if whole >= SMALL_SAMPLE else ""
