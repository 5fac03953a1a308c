"""The way out: SMTP sessions that Frappe's Email Account opens, so that its TLS, OAuth, login and muting hold."""

from __future__ import annotations

import smtplib
import socket
from contextlib import contextmanager

import frappe
from frappe import _
from frappe.utils import cint, strip_html

from email_campaigns.delivery.smtp.channel import Wait
from email_campaigns.delivery.smtp.replies import judge_refusal
from email_campaigns.delivery.smtp.session import ConnectionLost, Refused, Session, Unavailable, explain

TIMEOUT = 30  # seconds that a server may stay silent; well below the lease of a page

# What the framework raises for an account that it can't use; not all of them are validation errors.
_OF_FRAMEWORK = (frappe.ValidationError, frappe.OutgoingEmailError, frappe.AuthenticationError)


def sending_hindrance() -> str:
	"""Return the sentence for which no mail may leave this site at all, "" where it may."""
	if frappe.are_emails_muted():
		return _("Outgoing mail is muted on this site (mute_emails), so nothing is sent.")
	if cint(frappe.db.get_default("suspend_email_queue")):
		return _("Sending is suspended in the Email Queue, so nothing is sent until it is resumed there.")
	return ""


def connect(account_name: str, wait: Wait | None = None) -> Session:
	"""Open and log in a session of an Email Account, which waits for its server by `wait`, as a Channel has it. Raises
	Unavailable with a sentence that names the account."""
	messages = len(frappe.local.message_log)
	try:
		with _time_limit():
			server = frappe.get_doc("Email Account", account_name).get_smtp_server()
			server.timeout = TIMEOUT
			smtp = server.session
			smtp.sock.settimeout(TIMEOUT)
		return Session(smtp, wait)
	except Refused as refusal:
		raise Unavailable(_sentence(account_name, judge_refusal(refusal)[1])) from refusal
	except ConnectionLost as loss:
		raise Unavailable(_sentence(account_name, str(loss))) from loss
	except (*_OF_FRAMEWORK, smtplib.SMTPException, OSError) as error:
		raise Unavailable(_sentence(account_name, _cause(error))) from error
	finally:
		# What the framework wants to pop up belongs to no request here; the sentence says it on the form.
		del frappe.local.message_log[messages:]


def _cause(error: Exception) -> str:
	"""Word the failure behind the framework's general sentence, where there is one."""
	inner = error.__context__ if isinstance(error, _OF_FRAMEWORK) else error
	if isinstance(inner, smtplib.SMTPException | OSError):
		told = explain(inner)
		return judge_refusal(told)[1] if isinstance(told, Refused) else str(told)
	return strip_html(str(error))


def _sentence(account_name: str, cause: str) -> str:
	return _("The mail server of Email Account {0} can't be used: {1}").format(account_name, cause)


@contextmanager
def _time_limit():
	# An older framework opens its sockets without a limit, and a dead server would hold the worker for ever.
	before = socket.getdefaulttimeout()
	socket.setdefaulttimeout(TIMEOUT)
	try:
		yield
	finally:
		socket.setdefaulttimeout(before)
