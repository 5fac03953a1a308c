"""The sign-up form of a list, and the confirmation by a link in a mail (double opt-in).

The form gives the same answer for every address, so it shows nobody who is on the list. GET changes nothing.
"""

from __future__ import annotations

import time

import frappe
from frappe import _
from frappe.utils import cint
from markupsafe import escape

from email_campaigns import notify
from email_campaigns.api.public.page import Button, Field, Page
from email_campaigns.api.public.preferences import masked
from email_campaigns.audience.address import InvalidAddress, mailbox_key
from email_campaigns.audience.signup import signup_store
from email_campaigns.audience.signup.signup import (
	LIFETIME,
	PER_ADDRESS,
	PER_VISITOR,
	SITE_LIMIT,
	ConsentMissing,
	SignUpRequest,
	expiry_stamp,
	has_expired,
	limits_of_forms,
	read_form,
)
from email_campaigns.compat import site_url, without_request
from email_campaigns.requests_store import count_request
from email_campaigns.tracking import store
from email_campaigns.tracking.links import PREFIX
from email_campaigns.tracking.tokens import Token

SIGN_UP, CONFIRM = "s", "j"  # the routes under /ec/
DAYS = LIFETIME // 86400


def form_url(token: str) -> str:
	"""Return the URL of a list's sign-up form."""
	return f"{site_url()}{PREFIX}{SIGN_UP}/{token}"


def form_page(token: str) -> Page:
	"""Return the form of a list; it changes nothing."""
	form = signup_store.find_form(token)
	return _form(form) if form else _gone()


def ask(token: str, values, visitor: str) -> Page:
	"""Take a filled-in form and send the mail with the link; `visitor` is what visitor_address returns."""
	form = signup_store.find_form(token)
	if not form:
		return _gone()
	if not count_request(f"visitor\n{visitor}", PER_VISITOR):
		return _too_many(_("There were too many requests from your network."))
	try:
		request = read_form(values, with_names=bool(form.sign_up_names))
	except InvalidAddress:
		return _form(form, _("This is not an email address. Please check it."), values, status=400)
	except ConsentMissing:
		return _form(form, _("Please tick the box to agree."), values, status=400)
	if request.by_bot:
		return _requested(form)
	if notify.problem_with_site_mail("Target List"):
		line = _("Please try again later")
		return Page(
			_("This form can't be used at present"), (f"{line}.", _("Nothing was changed.")), status=503
		)
	if not _has_room(form):
		return _too_many(_("At the moment, too many people sign up. Please try again in an hour."))
	_send_confirmation(form, request)
	return _requested(form)


def _has_room(form) -> bool:
	"""Count a request for its form and for the site, which holds up whoever has many network addresses."""
	per_form, per_site = limits_of_forms(cint(frappe.conf.get(SITE_LIMIT)))
	return count_request(f"form\n{form.name}", per_form) and count_request("site", per_site)


def _too_many(line: str) -> Page:
	return Page(_("Please try again later"), (line,), status=429)


def _send_confirmation(form, request: SignUpRequest) -> None:
	"""Send the mail with the link, unless the address had enough of them or must not be mailed."""
	if not count_request(f"{form.name}\n{mailbox_key(request.email)}", PER_ADDRESS):
		return
	if not signup_store.may_ask(request.email):
		return
	number = signup_store.save_request(form.name, request, form.sign_up_consent, frappe.local.lang or "")
	token = store.token_ring().sign("confirm", number, expiry_stamp(time.time()))
	_send(form, request.email, f"{site_url()}{PREFIX}{CONFIRM}/{token}")


def _send(form, email: str, url: str) -> None:
	# The mail has nothing that the visitor typed: it could be an advertisement to somebody else's mailbox.
	lines = (
		_("You, or somebody who knows your address, asked for mails of “{0}”.").format(form.sign_up_title),
		_("If it was you, please confirm this within {0} days:").format(DAYS),
		_("If it was not you, do nothing. Without a confirmation, you will get no mails."),
	)
	link = f'<a href="{escape(url)}">{escape(_("Confirm the subscription"))}</a>'
	request, wait, otherwise = (str(escape(line)) for line in lines)
	with without_request():
		frappe.sendmail(
			# In brackets, because the framework drops the bare address of somebody who has left everything,
			# and this mail asks whether they want to come back.
			recipients=[f"<{email}>"],
			subject=_("Please confirm: {0}").format(form.sign_up_title),
			message=f"<p>{request}</p><p>{wait}</p><p>{link}</p><p>{escape(url)}</p><p>{otherwise}</p>",
			reference_doctype="Target List",
			reference_name=form.name,
			add_unsubscribe_link=0,
		)


def confirmation(named: Token, *, agreed: bool) -> Page:
	"""Return the page behind the link of a confirmation mail; with `agreed` the person joins."""
	row = None if has_expired(named.link, time.time()) else signup_store.find_request(named.message)
	if not row:
		return Page(
			_("This link is too old"),
			(_("It was valid for {0} days. Please sign up again.").format(DAYS), _("Nothing was changed.")),
			status=410,
		)
	if agreed:
		signup_store.confirm(row, form_url(row.form.sign_up_token))
	if row.status == signup_store.CONFIRMED or agreed:
		return _confirmed(row)
	button = Button("confirm", _("Yes, send me “{0}”").format(row.form.sign_up_title), main=True)
	lines = (_("Your address: {0}").format(masked(row.email)), row.consent_text)
	return Page(_("Confirm your subscription"), lines, buttons=(button,))


def _confirmed(row) -> Page:
	line = _("Each mail has a link to unsubscribe.")
	result = _("You are subscribed to “{0}”.").format(row.form.sign_up_title)
	return Page(_("Thank you"), (_("Your address: {0}").format(masked(row.email)), line), result=result)


def _form(form, complaint: str = "", values=None, status: int = 200) -> Page:
	values = values or {}
	fields = [Field("email", _("Email"), "email", values.get("email") or "", required=True)]
	if form.sign_up_names:
		for name, label in (("first_name", _("First Name")), ("last_name", _("Last Name"))):
			fields.append(Field(name, label, "text", values.get(name) or ""))
	return Page(
		form.sign_up_title,
		(complaint,) if complaint else (),
		fields=tuple(fields),
		consent=form.sign_up_consent,
		buttons=(Button("sign_up", _("Sign up"), main=True),),
		status=status,
	)


def _requested(form) -> Page:
	"""Return the page after a request; it is the same for every address."""
	sent = _("If this address can get mails of “{0}”, a mail with a link is on its way.")
	confirm = _("Please follow the link within {0} days to confirm. Check your spam folder, too.")
	lines = (sent.format(form.sign_up_title), confirm.format(DAYS))
	return Page(_("Almost done: check your mailbox"), lines)


def _gone() -> Page:
	return Page(_("Page not found"), (_("There is no sign-up form at this address."),), status=404)


def snippet(form) -> str:
	"""Return the form as HTML for another website."""
	parts = [f'<form method="post" action="{escape(form_url(form.sign_up_token))}">']
	parts.append(
		f'  <p><label>{escape(_("Email"))}<br><input type="email" name="email" required></label></p>'
	)
	if form.sign_up_names:
		for name, label in (("first_name", _("First Name")), ("last_name", _("Last Name"))):
			parts.append(f'  <p><label>{escape(label)}<br><input type="text" name="{name}"></label></p>')
	consent = escape(form.sign_up_consent)
	parts.append(
		f'  <p><label><input type="checkbox" name="consent" value="1" required> {consent}</label></p>'
	)
	parts.append(
		'  <p style="display:none"><input type="text" name="website" tabindex="-1" autocomplete="off"></p>'
	)
	parts.append(f'  <p><button type="submit">{escape(_("Sign up"))}</button></p>')
	return "\n".join([*parts, "</form>"])
