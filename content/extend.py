"""What this floor offers to those above: hooks, called with keywords."""
