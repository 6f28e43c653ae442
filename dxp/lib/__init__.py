"""Tools without a home: they know no trade and import no app."""
