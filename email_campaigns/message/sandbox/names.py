"""The names of a template: those with a meaning of their own, and those that stand for fields of the record.

`{{ first_name }}` is `{{ doc.first_name }}`, as the help of Frappe's Email Template writes it, unless the
template gives the name another value.
"""

from jinja2 import meta, nodes

RESERVED = frozenset(
	[
		"doc",
		"campaign",
		"mass_email",
		"unsubscribe_url",
		"view_url",
		"open_url",
		"tracking_url",
		"range",
		"format_date",
		"format_number",
		"loop",
		"self",
		"super",
	]
)
# What Jinja gives a macro
OF_MACROS = frozenset(("caller", "varargs", "kwargs"))


def bare_fields(tree: nodes.Template) -> frozenset[str]:
	"""Return the names in a checked syntax tree that may stand for fields of the record."""
	names = list(tree.find_all(nodes.Name))
	loaded = {name.name for name in names if name.ctx == "load"} - RESERVED - OF_MACROS
	assigned = {name.name for name in names if name.ctx != "load"}
	if loaded & assigned:
		# In {% set name = name or "friend" %} it is both; Jinja knows where each is what.
		loaded &= meta.find_undeclared_variables(tree)
	return frozenset(loaded)
