"""Where Frappe, its Python and its dependencies come from."""
