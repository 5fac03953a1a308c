"""The sources of Frappe, its Python and its dependencies."""
