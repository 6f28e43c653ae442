"""The ground floor: who works here."""
