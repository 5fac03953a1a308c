"""SMTP sessions that Frappe's Email Account opens, so that its TLS, OAuth, login and muting apply."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _
from frappe.utils import cint, strip_html

from email_campaigns.delivery.smtp.channel import Timeouts, Wait
from email_campaigns.delivery.smtp.judge import judge_refusal
from email_campaigns.delivery.smtp.session import (
	ConnectionLost,
	Refused,
	Session,
	TemporarilyUnavailable,
	Unavailable,
	explain,
)
from email_campaigns.text import Sentence, _lt

SENDING = Timeouts()
ATTENDED = Timeouts.every(30)  # where a person waits for the answer

# The errors of the framework for an account that it can't use; not all of them are validation errors.
_FRAMEWORK_ERRORS = (frappe.ValidationError, frappe.OutgoingEmailError, frappe.AuthenticationError)
_UNUSABLE = _lt("The mail server of Email Account {0} can't be used: {1}")


def sending_hindrance() -> str:
	"""Return the sentence that says why no mail may leave this site at this moment, "" where mail may leave.

	Files and database are read anew: the framework keeps what they said when a job began until it ends.
	"""
	config = frappe.get_site_config()
	if frappe.are_emails_muted() or cint(config.get("mute_emails")):
		return _("Outgoing mail is muted on this site (mute_emails), so nothing is sent.")
	if cint(config.get("maintenance_mode")):
		return _("The site is in maintenance mode, so nothing is sent until that has ended.")
	if _is_queue_suspended():
		return _("Sending is suspended in the Email Queue, so nothing is sent until it is resumed there.")
	return ""


def _is_queue_suspended() -> bool:
	values = frappe.db.sql(
		"SELECT defvalue FROM tabDefaultValue WHERE parent = '__default' AND defkey = 'suspend_email_queue'",
		pluck=True,
	)
	return any(cint(value) for value in values)


def connect(account_name: str, wait: Wait | None = None, timeouts: Timeouts | None = None) -> Session:
	"""Open and log in a session of an Email Account. `wait` lets other sessions work, as in Channel.

	Without `timeouts` those of a person hold who waits for the answer. Raises Unavailable with a sentence
	that names the account: TemporarilyUnavailable where the server is not there, or asks to come back.
	"""
	timeouts = timeouts or ATTENDED
	messages = len(frappe.local.message_log)
	try:
		return Session(_open(account_name, timeouts), wait, timeouts)
	except (Refused, ConnectionLost) as error:
		raise _unavailable(account_name, error) from error
	except (*_FRAMEWORK_ERRORS, smtplib.SMTPException, OSError) as error:
		raise _unavailable(account_name, _behind(error)) from error
	finally:
		# The framework's pop-up messages belong to no request here; the form shows the sentence.
		del frappe.local.message_log[messages:]


def _open(account_name: str, timeouts: Timeouts) -> smtplib.SMTP:
	"""Return a connected `smtp`: a dead host costs little time, a server that thinks gets its time."""
	try:
		return _log_in(account_name, timeouts.connect)
	except (*_FRAMEWORK_ERRORS, smtplib.SMTPException) as error:
		# smtplib reports a silent server as a disconnection, and a silent network as a timeout.
		silent = isinstance(_behind(error), smtplib.SMTPServerDisconnected) and isinstance(
			_behind(error).__context__, TimeoutError
		)
		if not silent or timeouts.greeting <= timeouts.connect:
			raise
	return _log_in(account_name, timeouts.greeting)


def _log_in(account_name: str, seconds: float) -> smtplib.SMTP:
	with _time_limit(seconds):
		server = frappe.get_doc("Email Account", account_name).get_smtp_server()
		server.timeout = seconds
		smtp = server.session
		smtp.sock.settimeout(seconds)
	return smtp


def _unavailable(account_name: str, error: Exception) -> Unavailable:
	kind = TemporarilyUnavailable if _passes(error) else Unavailable
	return kind(_UNUSABLE, account_name, _cause(error))


def _passes(error: Exception) -> bool:
	"""Tell whether a failure to open a session goes away by itself."""
	if isinstance(error, Refused):
		return error.reply.code < 500
	if isinstance(error, smtplib.SMTPResponseException):
		return error.smtp_code < 500
	if isinstance(error, ssl.SSLError):
		return isinstance(error, ssl.SSLEOFError)  # the server went away; others are its certificate or port
	if isinstance(error, smtplib.SMTPException):
		return isinstance(error, smtplib.SMTPServerDisconnected)
	return isinstance(error, ConnectionLost | OSError)


def _behind(error: Exception) -> Exception:
	"""Return the failure behind the framework's general sentence, where there is one, else the error."""
	inner = error.__context__ if isinstance(error, _FRAMEWORK_ERRORS) else None
	if isinstance(inner, OSError):  # smtplib's errors are OSErrors too
		return inner
	return error


def _cause(error: Exception) -> Sentence | str:
	if isinstance(error, OSError):
		error = explain(error)
	if isinstance(error, Refused):
		return judge_refusal(error)[1]
	return error.sentence if isinstance(error, ConnectionLost) else strip_html(str(error))


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
	# An older framework opens its sockets without a limit, and a dead server would hold the worker for ever.
	before = socket.getdefaulttimeout()
	socket.setdefaulttimeout(seconds)
	try:
		yield
	finally:
		socket.setdefaulttimeout(before)
