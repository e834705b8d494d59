"""What can go wrong in this app. The message of each is a sentence for the user."""

from __future__ import annotations

from collections.abc import Mapping


class FeedbackError(Exception):
    """Base of the errors that are the user's to read."""


class AnswerRefused(FeedbackError):
    """An answer that can't be taken as it is. `problems` has a sentence for each field at fault."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class BacktestRefused(FeedbackError):
    """A backtest can't begin or go on."""


class CannotTakeBack(FeedbackError):
    """What can't be undone any more, or not by whoever asks."""


class CannotMerge(FeedbackError):
    """Two leads that can't be merged this way round."""
