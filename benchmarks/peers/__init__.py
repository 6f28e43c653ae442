"""The house beside ours: it runs in an environment of its own (`requirements-peers.lock`)."""
