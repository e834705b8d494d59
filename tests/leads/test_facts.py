"""The registry of facts, the reading of job titles, and that both are documented."""

import re
from pathlib import Path

import pytest

from leads.facts import ACTIVITY_KINDS, FACTS, FUNCTIONS, SENIORITIES, function_of, seniority_of
from leads.operators import OPERATORS, operators_for
from leads.titles import FUNCTION_PHRASES, SENIORITY_PHRASES

CRITERIA_PAGE = Path(__file__).parents[2] / "docs" / "criteria.md"

TITLES = [
    ("VP of Sales", "vp", "sales"),
    ("Vice President, Marketing", "vp", "marketing"),
    ("Senior Vice-President Operations", "vp", "operations"),
    ("Chief Revenue Officer", "c_level", "sales"),
    ("CFO", "c_level", "finance"),
    ("Head of RevOps", "director", "revenue_operations"),
    ("Marketing Operations Manager", "manager", "revenue_operations"),
    ("Director of IT", "director", "it"),
    ("Founder & CEO", "owner", "executive"),
    ("Customer Success Manager", "manager", "support"),
    ("Product Marketing Manager", "manager", "marketing"),
    ("Software Engineer", "individual", "engineering"),
    ("Account Executive", "individual", "sales"),
    ("Executive Assistant to the CEO", "individual", "executive"),
    ("HR intern", "intern", "hr"),
    ("General Counsel", "c_level", "legal"),
    ("International Sales", None, "sales"),
    ("Wizard", None, None),
    ("", None, None),
]


@pytest.mark.parametrize(("title", "seniority", "function"), TITLES)
def test_a_title_says_seniority_and_function(title, seniority, function):
    assert seniority_of(title) == seniority
    assert function_of(title.upper()) == function


def test_titles_are_read_into_choices_that_exist():
    assert {answer for answer, _ in SENIORITY_PHRASES} == {key for key, _ in SENIORITIES}
    assert {answer for answer, _ in FUNCTION_PHRASES} == {key for key, _ in FUNCTIONS} - {"other"}


def test_every_fact_has_words_and_operators():
    for fact in FACTS.values():
        assert fact.label and fact.help
        assert len(operators_for(fact)) > 2
        assert bool(fact.choices) is (fact.type == "choice")


def test_at_least_goes_with_ordered_choices_only():
    assert "at_least" in {each.key for each in operators_for(FACTS["person.seniority"])}
    assert "at_least" not in {each.key for each in operators_for(FACTS["account.region"])}


def rows_of(section):
    """The first cell of each table row in a section of the page."""
    text = CRITERIA_PAGE.read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)`", text, flags=re.MULTILINE))


@pytest.mark.parametrize(
    ("section", "registry"),
    [("Facts", FACTS), ("Operators", OPERATORS), ("Activities", ACTIVITY_KINDS)],
)
def test_the_page_documents_exactly_what_exists(section, registry):
    assert rows_of(section) == set(registry)
