"""Arguments of requests are read before anything is loaded, and documents loaded so that nothing is told.

Whoever signs in can send any JSON. The framework takes a dict in the place of a name as a filter, so a
function that passes it on tells by its answer whether some document has some value. Therefore each argument
of a whitelisted function has a kind, as its annotation, and `@checked` refuses what is not of it. `load`
answers the same for a document that does not exist and for one that the user may not read.

The framework checks no annotation of a module that postpones their evaluation (PEP 563), as all of ours do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Parameter, signature
from typing import Any, NoReturn, ParamSpec, TypeVar, get_args, get_type_hints

import frappe
from frappe import _
from frappe.model.document import Document

from email_campaigns.api.kinds import DAY, NAME, VALUES, Kind
from email_campaigns.record_rights_store import refuse

P = ParamSpec("P")
T = TypeVar("T")

REPORT_FILTERS = {"mass_email": NAME, "campaign": NAME, "from_date": DAY, "to_date": DAY}


def checked(function: Callable[P, T]) -> Callable[P, T]:
	"""Let a whitelisted function get its arguments as values of their kinds.

	None and "" stand for the default of an argument that has one. Anything that is not of its kind, or is
	missing, ends as ValidationError. Raises TypeError at the definition where an argument has no kind.
	"""
	parameters = signature(function).parameters
	kinds = _kinds(function, parameters)
	required = [name for name in kinds if parameters[name].default is Parameter.empty]

	@wraps(function)
	def read_first(*args: P.args, **kwargs: P.kwargs) -> T:
		given = {**dict(zip(parameters, args, strict=False)), **kwargs}
		sent = dict.fromkeys(required) | {
			name: value for name, value in given.items() if name in required or not _is_empty(value)
		}
		values = {name: _read(name, kinds[name], value) for name, value in sent.items() if name in kinds}
		return function(**values)  # type: ignore[call-arg]

	return read_first


def _is_empty(value: Any) -> bool:
	return value is None or (isinstance(value, str) and not value)


def _kinds(function: Callable, parameters: Mapping[str, Parameter]) -> dict[str, Kind]:
	hints = get_type_hints(function, include_extras=True)
	named = [name for name, parameter in parameters.items() if parameter.kind != Parameter.VAR_KEYWORD]
	return {name: _kind_in(hints.get(name)) or _no_kind(function, name) for name in named}


def _kind_in(hint: Any) -> Kind | None:
	"""Return the kind of an annotation such as `Name` or `Name | None`."""
	own = next((item for item in getattr(hint, "__metadata__", ()) if isinstance(item, Kind)), None)
	return own or next(filter(None, map(_kind_in, get_args(hint))), None)


def _no_kind(function: Callable, name: str) -> NoReturn:
	raise TypeError(f"The argument {name} of {function.__qualname__} has no kind.")


def _read(name: str, kind: Kind, value: Any) -> Any:
	try:
		return kind.read(value)
	except (ValueError, TypeError, OverflowError, RecursionError):
		frappe.throw(_(kind.expected).format(name))


def name_in(values: Mapping[str, Any], key: str) -> str:
	"""Return the name of a document that an object of a request has under a key. Throws ValidationError."""
	return _read(key, NAME, values.get(key))


def report_filters(filters: Any) -> frappe._dict:
	"""Return those filters of a report of ours that are set: names as text, days as datetime.date.

	Throws ValidationError where `filters`, or one of them, is something else.
	"""
	given = _read("filters", VALUES, filters or {})
	chosen = {key: value for key, value in given.items() if key in REPORT_FILTERS and not _is_empty(value)}
	return frappe._dict({key: _read(key, REPORT_FILTERS[key], value) for key, value in chosen.items()})


def load(doctype: str, name: str, ptype: str = "read") -> Document:
	"""Return a document on which the user has the permission `ptype`.

	`doctype` is known to the app, `name` a text. Throws PermissionError, by the same sentence where the
	document does not exist and where the user may not read it.
	"""
	# The database takes "a" and "A" as equal, and "7 apples" as the number 7.
	if str(frappe.db.get_value(doctype, {"name": name}, "name")) != name:
		refuse(doctype, name)
	doc = frappe.get_doc(doctype, name)
	if not frappe.has_permission(doctype, "read", doc=doc):
		refuse(doctype, name)
	doc.check_permission(ptype)
	return doc
