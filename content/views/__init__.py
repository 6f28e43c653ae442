"""Doors of the public site besides its pages."""
