from routing.models.capacity import Capacity
from routing.models.decisions import Decision
from routing.models.replays import Replay
from routing.models.rotas import Rota, RotaMember, Turn
from routing.models.table import RoutingRule
from routing.models.territories import Territory

__all__ = [
    "Capacity",
    "Decision",
    "Replay",
    "Rota",
    "RotaMember",
    "RoutingRule",
    "Territory",
    "Turn",
]
