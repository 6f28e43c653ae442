"""The demo world: Alder & Finch, a wealth manager that does not exist."""
