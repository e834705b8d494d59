"""Which words of a text are not in another."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from leads.version_words import NOTHING

# What no line breaks within, so "80 %" with a no-break space is one.
WORD = re.compile(r"[^ \t\r\n]+")


def words_unlike(text: str, other: str) -> Sequence[tuple[str, bool]]:
    """Return `text` in runs of words, each with whether it is missing at its place in `other`, of
    which NOTHING has no word.
    """
    words, others = WORD.findall(text), [] if other == NOTHING else WORD.findall(other)
    matching = SequenceMatcher(None, words, others, autojunk=False)
    return [
        (" ".join(words[start:end]), how != "equal")
        for how, start, end, _, _ in matching.get_opcodes()
        if start < end
    ]
