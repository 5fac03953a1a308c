"""Stands in for ERPNext in tests: what both apps know of campaigns, by the names that ERPNext has for it."""

__version__ = "15.0.0"
