"""The roof, ground and cellar of the house: settings, composition, staff, and tools without a home."""
