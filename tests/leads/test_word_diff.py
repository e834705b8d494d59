from leads.percents import PERCENT
from leads.version_words import NOTHING
from leads.word_diff import words_unlike


def test_a_number_and_its_percent_sign_are_one_word():
    was, now = f"at 80{PERCENT} remind", f"at 50{PERCENT} remind"
    assert words_unlike(now, was) == [("at", False), (f"50{PERCENT}", True), ("remind", False)]


def test_nothing_has_no_word_that_a_text_may_share():
    assert words_unlike(f"09:00 {NOTHING} 17:00", NOTHING) == [(f"09:00 {NOTHING} 17:00", True)]
