import hashlib
import json
import re
from pathlib import Path

import pytest

STATIC = Path("static")
VENDOR = STATIC / "vendor"
LISTED = {entry["file"]: entry for entry in json.loads((VENDOR / "vendor.json").read_text())}


def test_every_vendored_file_is_listed():
    present = {path.name for path in VENDOR.iterdir()} - {"vendor.json"}
    assert present == set(LISTED)


@pytest.mark.parametrize("name", LISTED)
def test_a_vendored_file_is_what_the_list_says(name):
    entry = LISTED[name]
    assert entry["version"]
    assert entry["licence"]
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.css")), ids=str)
def test_a_stylesheet_points_only_at_files_that_are_there(path):
    text = path.read_text()
    assert "sourceMappingURL" not in text
    targets = [url for url in re.findall(r'url\("?([^")]+)', text) if not url.startswith("data:")]
    assert [url for url in targets if not (path.parent / url).exists()] == []


def test_no_template_carries_script_or_style_of_its_own():
    inline = re.compile(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)|javascript:", re.I)
    offenders = [p for p in Path("templates").rglob("*.html") if inline.search(p.read_text())]
    assert offenders == []
