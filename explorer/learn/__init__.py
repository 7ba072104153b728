"""Lessons over the other pages."""
