from feedback.models.answers import Disposition, ReasonCode
from feedback.models.backtests import Backtest
from feedback.models.deals import DealChange

__all__ = ["Backtest", "DealChange", "Disposition", "ReasonCode"]
