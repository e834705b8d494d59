"""Reading the form of a row as a browser does, and sending it again."""

from __future__ import annotations

from html.parser import HTMLParser

HTMX = {"HX-Request": "true"}


class FormReader(HTMLParser):
    """Collects what the forms of a page would send, buttons left alone."""

    def __init__(self):
        super().__init__()
        self.sent, self.select, self.area = {}, None, None

    def handle_starttag(self, tag, attributes):
        about = dict(attributes)
        if tag == "input" and about.get("type") in ("checkbox", "radio"):
            if "checked" in about:
                self.add(about["name"], about.get("value", "on"))
        elif tag == "input" and "name" in about:
            self.add(about["name"], about.get("value") or "")
        elif tag == "select":
            self.select = about.get("name")
            self.sent.setdefault(self.select, [""])
        elif tag == "option" and "selected" in about:
            self.sent[self.select] = [about["value"]]
        elif tag == "textarea":
            self.area = about["name"]
            self.sent[self.area] = [""]

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.area = None

    def handle_data(self, text):
        if self.area:
            self.sent[self.area][0] += text

    def add(self, name, value):
        self.sent.setdefault(name, []).append(value)


def form_of(answer):
    """Return what the editor in `answer` would send, by name, as lists."""
    return read_form(answer, 'class="row-editor')


def read_form(answer, start="form-card"):
    """Return what the forms from `start` on would send, by name, as lists."""
    page = answer.content.decode()
    reader = FormReader()
    reader.feed(page[page.index(start) :])
    return {name: values for name, values in reader.sent.items() if name}


def opened(client, path):
    """Open the editor at `path` in its table and return what it would send."""
    answer = client.get(path, headers=HTMX)
    assert answer.status_code == 200
    return form_of(answer)


def send(client, path, form, /, *, headers=None, **typed):
    """Send a form with what was typed over it."""
    return client.post(path, {**form, **typed}, headers=headers)
