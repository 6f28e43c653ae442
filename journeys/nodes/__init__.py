"""The kinds of nodes; each registers itself."""

from journeys.nodes import delay, end, send, wait
from journeys.nodes.base import NODES, Go, Node, Rest

__all__ = ["NODES", "Go", "Node", "Rest", "delay", "end", "send", "wait"]
