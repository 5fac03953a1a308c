"""Makes and runs a Frappe bench from package registries alone; standard library only."""
