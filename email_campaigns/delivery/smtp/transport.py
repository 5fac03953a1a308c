"""SMTP sessions that Frappe's Email Account opens, so that its TLS, OAuth, login and muting apply."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _
from frappe.utils import cint, strip_html

from email_campaigns.delivery.smtp.channel import Wait
from email_campaigns.delivery.smtp.judge import judge_refusal
from email_campaigns.delivery.smtp.session import ConnectionLost, Refused, Session, Unavailable, explain
from email_campaigns.text import Sentence, _lt

TIMEOUT = 30  # seconds that a server may stay silent; well below the lease of a batch

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


def connect(account_name: str, wait: Wait | None = None) -> Session:
	"""Open and log in a session of an Email Account. `wait` lets other sessions work, as in Channel.

	Raises Unavailable with a sentence that names the account.
	"""
	messages = len(frappe.local.message_log)
	try:
		with _time_limit():
			server = frappe.get_doc("Email Account", account_name).get_smtp_server()
			server.timeout = TIMEOUT
			smtp = server.session
			smtp.sock.settimeout(TIMEOUT)
		return Session(smtp, wait)
	except Refused as refusal:
		raise Unavailable(_UNUSABLE, account_name, judge_refusal(refusal)[1]) from refusal
	except ConnectionLost as loss:
		raise Unavailable(_UNUSABLE, account_name, loss.sentence) from loss
	except (*_FRAMEWORK_ERRORS, smtplib.SMTPException, OSError) as error:
		raise Unavailable(_UNUSABLE, account_name, _cause(error)) from error
	finally:
		# The framework's pop-up messages belong to no request here; the form shows the sentence.
		del frappe.local.message_log[messages:]


def _cause(error: Exception) -> Sentence | str:
	"""Return the failure behind the framework's general sentence, else that sentence."""
	inner = error.__context__ if isinstance(error, _FRAMEWORK_ERRORS) else error
	if isinstance(inner, smtplib.SMTPException | OSError):
		explained = explain(inner)
		return judge_refusal(explained)[1] if isinstance(explained, Refused) else explained.sentence
	return strip_html(str(error))


@contextmanager
def _time_limit() -> Iterator[None]:
	# An older framework opens its sockets without a limit, and a dead server would hold the worker for ever.
	before = socket.getdefaulttimeout()
	socket.setdefaulttimeout(TIMEOUT)
	try:
		yield
	finally:
		socket.setdefaulttimeout(before)
