"""The kinds of nodes; each registers itself."""

from journeys.nodes import branch, delay, end, send, split, update, wait
from journeys.nodes.base import NODES, Facts, Go, Here, Missing, Need, Node, Rest, Sent, offer

__all__ = [
    "NODES", "Facts", "Go", "Here", "Missing", "Need", "Node", "Rest", "Sent", "branch", "delay",
    "end", "offer", "send", "split", "update", "wait",
]  # fmt: skip
