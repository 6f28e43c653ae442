"""Roof, ground and cellar: settings, composition, staff, and tools without a home."""
