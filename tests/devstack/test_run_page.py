import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_documents_exactly_the_variables_that_settings_read():
    read = re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "revops" / "settings.py").read_text())
    page = (ROOT / "docs" / "run.md").read_text()
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.M)) == set(read)
