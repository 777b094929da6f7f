"""Lydite, the touchstone for vision: known examples judge the unknown."""

__version__ = "0.1.0"
