"""Frappe's and the apps' browser code, built with npm packages."""
