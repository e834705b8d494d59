from feedback.models.answers import Disposition, ReasonCode

__all__ = ["Disposition", "ReasonCode"]
