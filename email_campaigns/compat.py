"""The only place that tells Frappe 15 from 16."""
