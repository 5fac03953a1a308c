"""Beside ERPNext: its three campaign doctypes are taken over with their data, and given back at uninstallation."""
