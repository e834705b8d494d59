"""The demo's companies and people's names, made up from lists. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from revops.defaults.operations import SEGMENTS


@dataclass(frozen=True, slots=True)
class Country:
    """Names in use there, what phone numbers begin with, and the zone most people work in."""

    code: str
    share: int
    zone: str
    phone: str
    legal: str
    first: str
    last: str


COUNTRIES = (
    Country("DE", 12, "Europe/Berlin", "+49 30 555", "GmbH",
            "Anna Lukas Jana Felix Miriam Stefan Katrin Moritz Leonie Holger",
            "Schneider Vogel Krüger Hartmann Albrecht Seidel Brandt Winkler Lorenz Böhm"),
    Country("GB", 10, "Europe/London", "+44 20 7946", "Ltd",
            "Emily Oliver Charlotte Harry Imogen George Freya Callum Nadia Rhys",
            "Whitfield Barnes Ashworth Patel Hughes Marlowe Doyle Fletcher Okafor Pearce"),
    Country("FR", 6, "Europe/Paris", "+33 1 55 55", "SAS",
            "Camille Hugo Élodie Antoine Manon Julien Inès Mathieu Aurélie Bastien",
            "Lefèvre Girard Rousseau Chevalier Fontaine Marchand Dupuis Perrin Renaud Colin"),
    Country("NL", 5, "Europe/Amsterdam", "+31 20 555", "BV",
            "Sanne Daan Fleur Bram Lotte Thijs Maud Jeroen Eva Ruben",
            "Visser Bakker Smit Dekker Mulder Kuipers Vermeer Postma Hoekstra Maas"),
    Country("SE", 4, "Europe/Stockholm", "+46 8 555", "AB",
            "Elsa Axel Linnea Viktor Maja Oskar Clara Henrik Sofia Nils",
            "Nyström Lindgren Ekström Sandberg Holm Forsberg Åkesson Wallin Hedlund Berg"),
    Country("ES", 4, "Europe/Madrid", "+34 91 555", "SL",
            "Lucía Pablo Marta Álvaro Carmen Sergio Elena Javier Noelia Iker",
            "Navarro Iglesias Romero Cortés Vidal Serrano Blanco Prieto Molina Rubio"),
    Country("US", 23, "America/New_York", "+1 646 555", "Inc",
            "Madison Tyler Ashley Brandon Nicole Derek Monica Kevin Latoya Scott",
            "Reynolds Hayes Coleman Nguyen Bennett Ramirez Sullivan Foster Price Lawson"),
    Country("CA", 6, "America/Toronto", "+1 416 555", "Inc",
            "Heather Liam Simone Graham Chloé Ethan Meera Logan Paige Owen",
            "MacLeod Tremblay Singh Fraser Gagnon Campbell Chan Bouchard Stewart Wong"),
    Country("SG", 8, "Asia/Singapore", "+65 6555", "Pte Ltd",
            "Hui Min Wei Jie Aisha Ravi Serene Jun Priya Farhan Xin Kelvin",
            "Tan Lim Ng Goh Rahman Pillai Koh Chua Teo Ong"),
    Country("AU", 11, "Australia/Sydney", "+61 2 5550", "Pty Ltd",
            "Isla Jack Ruby Lachlan Matilda Cooper Zoe Angus Georgia Blake",
            "Kelly Thompson Gallagher Nicholls Papas Walsh Byrne Harvey Costa Murray"),
    Country("JP", 10, "Asia/Tokyo", "+81 3 5555", "KK",
            "Haruka Kenji Aya Takeshi Mio Daiki Naoko Shota Rina Kaito",
            "Sato Yamamoto Kobayashi Ishikawa Mori Fujita Okada Hasegawa Kondo Ueda"),
    Country("BR", 5, "America/Sao_Paulo", "+55 11 5555", "Ltda",
            "Beatriz Rafael Juliana Thiago Larissa Gustavo Camila Bruno Fernanda Diego",
            "Almeida Barbosa Carvalho Ferreira Gomes Moreira Nascimento Pereira Ribeiro Teixeira"),
)  # fmt: skip
BY_CODE = {country.code: country for country in COUNTRIES}
SHARES = [country.share for country in COUNTRIES]

STEMS = (
    "Alder Amber Arbor Aster Beacon Birch Bluefin Brook Calder Cedar Cobalt Copper Coral Crest "
    "Delta Drift Ember Falcon Fern Fjord Flint Garnet Glacier Granite Harbor Hazel Heron Indigo "
    "Iris Juniper Keel Lantern Larch Linden Lumen Maple Meridian Mistral Nimbus Norden Oak Onyx "
    "Opal Orbit Osprey Pebble Pine Quarry Quill Raven Reef Ridge Saffron Sequoia Slate Solstice "
    "Sparrow Summit Thistle Tidal Umber Vale Vega Willow Zephyr"
)
TRADES = {
    "software": "Software Systems Labs Cloud Apps Data",
    "fintech": "Pay Finance Ledger Capital Credit",
    "professional services": "Consulting Advisory Partners Group",
    "manufacturing": "Works Industries Tools Motors",
    "retail": "Stores Market Trading Outfitters",
    "healthcare": "Health Care Clinics Medical",
    "logistics": "Freight Logistics Shipping Lines",
    "education": "Academy Learning Institute",
}
INDUSTRY_SHARES = [30, 12, 16, 13, 10, 8, 7, 4]
SIZES = (3, 18, 40, 85, 150, 240, 420, 760, 1400, 2600, 7000)
SIZE_SHARES = [2, 9, 12, 15, 14, 13, 12, 9, 7, 5, 2]


@dataclass(frozen=True, slots=True)
class Company:
    name: str
    domain: str
    industry: str
    employees: int
    country: str
    state: str = ""
    status: str = "prospect"
    is_hiring_sales: bool | None = None

    @property
    def segment(self) -> str:
        small, medium, large = SEGMENTS
        return small if self.employees < 200 else medium if self.employees < 1_000 else large


def companies(count: int, rng: Random) -> list[Company]:
    """Return so many companies, each with a name and domain of its own."""
    names = [
        (stem, trade, industry)
        for stem in STEMS.split()
        for industry, trades in TRADES.items()
        for trade in trades.split()
    ]
    by_industry = {industry: [each for each in names if each[2] == industry] for industry in TRADES}
    for each in by_industry.values():
        rng.shuffle(each)
    chosen = rng.choices([*TRADES], INDUSTRY_SHARES, k=count)
    return [_company(by_industry[industry].pop(), rng) for industry in chosen]


def _company(words: tuple[str, str, str], rng: Random) -> Company:
    stem, trade, industry = words
    (country,) = rng.choices(COUNTRIES, SHARES)
    (size,) = rng.choices(SIZES, SIZE_SHARES)
    (status,) = rng.choices(["prospect", "partner", "competitor"], [96, 3, 1])
    return Company(
        name=f"{stem} {trade} {country.legal}",
        domain=f"{stem}-{trade}.example".lower(),
        industry=industry,
        employees=max(2, round(size * rng.uniform(0.85, 1.2))),
        country=country.code,
        status=status,
        is_hiring_sales=rng.choice([True, False, None, None]),
    )


def full_name(country: str, rng: Random) -> str:
    """Return the first and last name of somebody from `country`."""
    names = BY_CODE[country]
    return f"{rng.choice(names.first.split())} {rng.choice(names.last.split())}"


def phone(country: str, number: int) -> str:
    """Return a phone number there; another `number` gives another one."""
    return f"{BY_CODE[country].phone} {number % 10_000:04d}"
