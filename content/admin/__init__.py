"""Screens of this floor in the Wagtail admin."""
