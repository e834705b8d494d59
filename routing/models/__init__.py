from routing.models.capacity import Capacity
from routing.models.decisions import Decision
from routing.models.rotas import Rota, RotaMember, Turn
from routing.models.table import RoutingRule
from routing.models.territories import Territory

__all__ = ["Capacity", "Decision", "Rota", "RotaMember", "RoutingRule", "Territory", "Turn"]
