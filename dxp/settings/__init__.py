"""Settings by environment: `env` reads and documents, `base` is true everywhere, the rest differ."""
