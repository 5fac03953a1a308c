"""For tests of all whitelisted functions: what can be called, and what comes of a call."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from dataclasses import dataclass

import frappe
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

import email_campaigns

APP = email_campaigns.__name__
DESK = f"{APP}.api.desk."


def whitelisted() -> dict[str, object]:
	"""Return {dotted name: function} of everything in the app that a request may call by its name."""
	_import_all()
	own = [function for function in frappe.whitelisted if function.__module__.split(".")[0] == APP]
	return {
		f"{function.__module__}.{function.__qualname__}": function
		for function in own
		if ".tests." not in function.__module__
	}


def _import_all() -> None:
	for module in pkgutil.walk_packages(email_campaigns.__path__, f"{APP}."):
		if ".tests" not in module.name:
			importlib.import_module(module.name)


def parameters(function) -> dict[str, inspect.Parameter]:
	"""Return the arguments that a request may name."""
	return {
		name: parameter
		for name, parameter in inspect.signature(function).parameters.items()
		if parameter.kind != inspect.Parameter.VAR_KEYWORD
	}


@dataclass(frozen=True)
class Outcome:
	"""What came of a call: the HTTP status, and everything that the caller is told, or the answer."""

	status: int
	said: str
	answer: object = None
	error: Exception | None = None
	writes: int = 0

	@property
	def is_refused(self) -> bool:
		return self.status in (401, 403)

	def without(self, *names: object) -> tuple[int, str]:
		"""Return status and words with some names left out, to compare calls about different documents."""
		words = self.said
		for name in sorted({str(name) for name in names if str(name)}, key=len, reverse=True):
			words = re.sub(re.escape(frappe.utils.escape_html(name)), "…", words.replace(name, "…"))
		return self.status, words


def call(cmd: str, user: str, **arguments) -> Outcome:
	"""Let a user call a function through the framework's handler; what it writes is rolled back.

	The user stays signed in.
	"""
	# On import, Frappe 16 opens a log beside the working directory, which must be the sites folder.
	from frappe.handler import execute_cmd

	frappe.db.rollback()
	if frappe.session.user != user:
		frappe.set_user(user)  # it empties caches, which takes longer than most calls
	before = getattr(frappe.local, "request", None), frappe.local.form_dict
	frappe.clear_messages()
	frappe.flags.pop("error_message", None)
	frappe.local.response = frappe._dict(docs=[])
	frappe.local.request = Request(EnvironBuilder("/", method="POST").get_environ())
	frappe.local.form_dict = frappe._dict(arguments)
	try:
		answer, error = execute_cmd(cmd), None
	except Exception as raised:
		answer, error = None, raised
	finally:
		writes = frappe.db.transaction_writes
		said = _said(error)
		frappe.db.rollback()
		frappe.clear_messages()
		frappe.local.request, frappe.local.form_dict = before
	status = getattr(error, "http_status_code", 500) if error else 200
	return Outcome(status, said, answer, error, writes)


def _said(error: Exception | None) -> str:
	"""Return the words of an error, with all messages that the answer would carry."""
	parts = [str(error or ""), *map(str, frappe.local.message_log), str(frappe.flags.error_message or "")]
	return without_ids("\n".join(filter(None, parts)))


def without_ids(answer: str) -> str:
	"""Return an answer without the random number that Frappe 16 gives each error."""
	return re.sub(r"__frappe_exc_id\W+[0-9a-f]+", "", answer)
