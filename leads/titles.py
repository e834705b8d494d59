"""Job titles read into a seniority and a function. Pure tables; unknown stays unknown."""

import re

# Both tables are read top to bottom and the first phrase found as whole words wins, so the more
# particular stands first: "vice president" before "president", "marketing" before "product".
SENIORITY_PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("intern", ("intern", "trainee", "working student", "apprentice", "student")),
    ("individual", ("assistant to", "executive assistant", "chief of staff", "product owner")),
    ("individual", ("account executive", "sales executive", "marketing executive")),
    ("individual", ("account manager", "project manager", "community manager")),
    ("vp", ("vice president", "vp", "svp", "evp", "avp", "v p")),
    ("owner", ("owner", "co owner", "founder", "co founder", "cofounder", "proprietor")),
    ("c_level", ("ceo", "cfo", "cto", "cio", "cmo", "coo", "cro", "cpo", "chro", "ciso", "cso")),
    ("c_level", ("chief", "president", "managing director", "general counsel")),
    ("director", ("director", "head of", "head", "principal", "partner")),
    ("manager", ("manager", "team lead", "supervisor", "lead")),
    ("individual", ("engineer", "developer", "analyst", "specialist", "associate", "consultant")),
    ("individual", ("representative", "rep", "sdr", "bdr", "coordinator", "administrator")),
    ("individual", ("designer", "scientist", "accountant", "recruiter", "assistant", "executive")),
    ("individual", ("architect", "technician", "officer", "buyer", "agent", "staff", "senior")),
)

FUNCTION_PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("revenue_operations", ("revenue operations", "revops", "rev ops", "sales operations")),
    (
        "revenue_operations",
        ("sales ops", "marketing operations", "marketing ops", "gtm operations"),
    ),
    ("support", ("customer support", "customer success", "customer service", "support")),
    ("marketing", ("marketing", "cmo", "demand generation", "demand gen", "growth", "brand")),
    ("marketing", ("content", "communications", "seo")),
    ("legal", ("legal", "counsel", "attorney", "lawyer", "compliance")),
    ("hr", ("human resources", "hr", "people", "talent", "recruiter", "recruiting", "chro")),
    ("finance", ("finance", "financial", "cfo", "accounting", "accountant", "controller")),
    ("finance", ("treasurer", "procurement", "purchasing")),
    ("it", ("information technology", "it", "cio", "ciso", "security", "infrastructure")),
    ("it", ("systems", "system", "network", "information")),
    ("product", ("product", "cpo", "ux")),
    ("engineering", ("engineering", "engineer", "developer", "software", "cto", "technology")),
    ("engineering", ("devops", "architect", "data", "technical")),
    ("sales", ("sales", "account executive", "account manager", "business development", "sdr")),
    ("sales", ("bdr", "cro", "revenue", "commercial", "partnerships")),
    ("operations", ("operations", "operating", "coo", "logistics", "supply chain", "ops")),
    ("operations", ("office manager", "project manager", "programme manager")),
    ("executive", ("ceo", "president", "founder", "co founder", "cofounder", "owner")),
    ("executive", ("chief executive", "managing director", "general manager", "partner")),
)


WORD = re.compile(r"[^\W_]+")


def _words(title: str) -> str:
    return f" {' '.join(WORD.findall(title.casefold()))} "


def _first_match(title: str, table: tuple[tuple[str, tuple[str, ...]], ...]) -> str | None:
    words = _words(title)
    for answer, phrases in table:
        if any(f" {phrase} " in words for phrase in phrases):
            return answer
    return None


def seniority_of(title: str) -> str | None:
    """Return the seniority a raw job title says, one of SENIORITIES; None when it says none."""
    return _first_match(title, SENIORITY_PHRASES)


def function_of(title: str) -> str | None:
    """Return the function (department) a raw job title says, one of FUNCTIONS; None if none."""
    # "Vice president" is a rank, not the person who runs the company.
    return _first_match(re.sub(r"(?i)\bvice[\s-]+president\b", "vp", title), FUNCTION_PHRASES)
