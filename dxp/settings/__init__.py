"""Settings by environment: `env` is the table, `base` is true everywhere, the rest differ."""
