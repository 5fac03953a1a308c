"""The page behind the unsubscribe link: its choices, and the effects of its buttons.

GET changes nothing, because link scanners follow every link of a mail. Every POST may come twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import frappe
from frappe import _
from werkzeug.wrappers import Request

from email_campaigns.api.public.page import Button, Page
from email_campaigns.audience.suppression import suppression_store
from email_campaigns.audience.suppression.suppression import EVERYTHING, UNSUBSCRIBED, SuppressionScope
from email_campaigns.drip import events_store
from email_campaigns.lifecycle import EMAIL_CAMPAIGN
from email_campaigns.results.store import counting
from email_campaigns.tracking import store
from email_campaigns.tracking.store import NamedMail
from email_campaigns.tracking.tokens import PREVIEW

SEQUENCE, BACK = "sequence", "resubscribe_sequence"
ACTIONS = frozenset({"list", "all", "resubscribe_list", "resubscribe_all", SEQUENCE, BACK})
LEAVE, JOIN = "leave", "join"  # one list, whose name follows a colon
LEAVE_LISTS = "list"  # all lists of the mailing, else everything
OPT_OUTS = frozenset({LEAVE_LISTS, "all", SEQUENCE})
BY_PAGE, BY_ONE_CLICK = "the unsubscribe page", "one click in the mail program"


def is_action(action: str | None) -> bool:
	"""Tell whether a button of the page posts this action."""
	return action in ACTIONS or (action or "").partition(":")[0] in (LEAVE, JOIN)


def asked(request: Request) -> tuple[str, str]:
	"""Return the (action, by what) that a request asks for, ("", "") where it changes nothing."""
	if request.method != "POST":
		return "", ""
	if _is_one_click(request):
		return LEAVE_LISTS, BY_ONE_CLICK
	action = request.form.get("action") or ""
	return (action, "") if is_action(action) else ("", "")


def _is_one_click(request: Request) -> bool:
	"""Tell whether a POST is a one-click unsubscription (RFC 8058, section 3.2).

	The body is one key and value, as a form of either content type; some mail services send none.
	"""
	form = request.form
	value = form.get("List-Unsubscribe") or ("" if form else request.get_data(as_text=True))
	return value.strip().removeprefix("List-Unsubscribe=").lower() == "one-click"


def is_opt_out(action: str) -> bool:
	"""Tell whether an action stops mails, as against one that brings them back."""
	return action in OPT_OUTS or action.partition(":")[0] == LEAVE


def show(message: int) -> Page:
	"""Return the page with the choices of the recipient of the mail `message`; it changes nothing."""
	mail = store.read_mail(message)
	return _choices_page(mail) if mail else without_mail(message)


def act(message: int, action: str, how: str = "") -> Page:
	"""Carry out a button's action for the recipient of the mail `message`; return the page with the result.

	The action `list` concerns all lists by which this mailing could reach the person again. Where there is
	none, it concerns all mailings, so that unsubscribing always helps. `how` says by what the person did it.
	"""
	mail = store.read_mail(message)
	if not mail:
		return without_mail(message)
	lists = _lists(mail)
	sequence = _sequence(mail, lists)
	if sequence and action in ("list", SEQUENCE, BACK):
		return _change_sequence(mail, sequence, action == BACK, how)
	verb, _colon, target_list = action.partition(":")
	if verb in (LEAVE, JOIN):
		return _change_list(mail, verb, target_list, how) if target_list in lists else _choices_page(mail)
	targets = lists if action.endswith("list") and lists else [EVERYTHING]
	if action.startswith("resubscribe"):
		result, undo = _come_back(mail, targets), Button("list" if targets == lists else "all", _("Undo"))
	else:
		result, undo = _leave(mail, targets, how), _undo(targets)
	return _choices_page(mail, result=result, undo=undo)


def _sequence(mail: NamedMail, lists: list[str]) -> str:
	"""Return the title of a mail's drip sequence, "" where the person can leave a list instead."""
	return "" if lists or mail.source_doctype != EMAIL_CAMPAIGN else events_store.sequence_title(mail.source)


def _change_sequence(mail: NamedMail, sequence: str, back: bool, how: str) -> Page:
	"""Leave only the sequence of a mail, or come back to it."""
	if back:
		if events_store.rejoin_sequence(mail.source, mail.email):
			store.log("Opted In", mail, sequence, own_wish=True)
		result, undo = _("You are subscribed again: {0}."), SEQUENCE
	else:
		if events_store.leave_sequence(mail.source, mail.email):
			with counting(mail.message):
				store.stamp_opted_out(mail.message)
			store.log("Opted Out", mail, f"{sequence}: {how or BY_PAGE}", own_wish=True)
		result, undo = _("You will get no more mails of {0}."), BACK
	return _choices_page(mail, result.format(_("“{0}”").format(sequence)), Button(undo, _("Undo")))


def _change_list(mail: NamedMail, verb: str, target: str, how: str) -> Page:
	if verb == JOIN:
		result, undo = _come_back(mail, [target]), LEAVE
	else:
		result, undo = _leave(mail, [target], how), JOIN
	return _choices_page(mail, result=result, undo=Button(f"{undo}:{target}", _("Undo")))


def one_click(message: int) -> Page:
	"""Unsubscribe by the List-Unsubscribe-Post header: from the mailing's lists, else from everything.

	RFC 8058, section 3.1, speaks of “the list from which the recipient is to be removed”.
	"""
	return act(message, LEAVE_LISTS, BY_ONE_CLICK)


def noted() -> Page:
	"""Return the page for an opt-out that is stored and not carried out yet."""
	lines = (
		_("At the moment, our database is busy or being maintained."),
		_("Your wish is stored, and will be carried out within minutes. You need not do anything else."),
	)
	return Page(_("We have noted that you want no more mails"), lines, signed=False)


def without_mail(message: int) -> Page:
	"""Return the page for a token without a mail: of a preview, or of a mail older than the retention."""
	if message == PREVIEW:
		line = _(
			"This link belongs to a preview or a test. In a real mail, it leads to the mail preferences."
		)
		return Page(_("Preview"), (line, _("Nothing was changed.")))
	return Page(
		_("This link is too old"),
		(
			_("We no longer know which address this link was sent to, so nothing was changed."),
			_("Please reply to the mail and ask to be unsubscribed. We will take care of it."),
		),
		status=410,
	)


def _leave(mail: NamedMail, targets: list[str], how: str) -> str:
	# The sender's staff reads the stored origin, so it is not in the recipient's language.
	origin = f"{mail.source_doctype} {mail.source}, mail {mail.message}: {how or BY_PAGE}"
	changed = [
		target
		for target in targets
		if suppression_store.suppress(mail.email, reason=UNSUBSCRIBED, origin=origin, target_list=target)
	]
	if EVERYTHING in changed:
		events_store.end_all_sequences(mail.email)
	if changed:
		with counting(mail.message):
			store.stamp_opted_out(mail.message)
		store.log("Opted Out", mail, _stored(targets), own_wish=True)
	return _("You will get no more mails of {0}.").format(_title(targets))


def _come_back(mail: NamedMail, targets: list[str]) -> str:
	if any(suppression_store.lift(mail.email, target_list=target) for target in targets):
		store.log("Opted In", mail, _stored(targets), own_wish=True)
	if suppression_store.read_scope(mail.email).everything:
		return ""  # another opt-out still holds, and the page shows it
	return _("You are subscribed again: {0}.").format(_title(targets))


def _undo(targets: list[str]) -> Button:
	return Button("resubscribe_all" if targets == [EVERYTHING] else "resubscribe_list", _("Undo"))


def _choices_page(mail: NamedMail, result: str = "", undo: Button | None = None) -> Page:
	scope, lists = suppression_store.read_scope(mail.email), _lists(mail)
	buttons = [undo] if undo and not scope.blocked else []
	buttons += [button for button in _buttons(scope, lists) if not undo or button.action != undo.action]
	sequence = _sequence(mail, lists)
	has_left = bool(sequence) and events_store.has_left(mail.source, mail.email)
	buttons = [button for button in buttons if not sequence or button.action != "list"]
	state = _state(scope, lists)
	if sequence and not scope.blocked and not scope.unsubscribed:
		buttons = _with_sequence(buttons, sequence, has_left, undo)
		if has_left:
			state = [_("You are unsubscribed from {0}.").format(_("“{0}”").format(sequence))]
	lines = (_("Your address: {0}").format(masked(mail.email)), *state)
	return Page(_("Your mail preferences"), lines, result, tuple(buttons))


def _with_sequence(buttons: list[Button], sequence: str, has_left: bool, undo: Button | None) -> list[Button]:
	"""Return the buttons with that of the sequence as the first and main one."""
	label = _("Get mails of {0} again") if has_left else _("No more mails of {0}")
	own = Button(BACK if has_left else SEQUENCE, label.format(_("“{0}”").format(sequence)), main=True)
	others = [replace(button, main=False) for button in buttons]
	return others if undo and undo.action == own.action else [own, *others]


def _state(scope: SuppressionScope, lists: list[str]) -> Iterable[str]:
	if scope.blocked:
		yield _("At present, we send no mails of this kind to this address.")
		yield _("If you want to get them again, please reply to one of our mails.")
	elif scope.unsubscribed:
		yield _("You are unsubscribed from all our mailings.")
	else:
		unsubscribed = [target_list for target_list in lists if scope.has_left(target_list)]
		if unsubscribed != lists or not lists:
			yield _("You are subscribed.")
		if unsubscribed:
			yield _("You are unsubscribed from {0}.").format(_title(unsubscribed))


def _buttons(scope: SuppressionScope, lists: list[str]) -> Iterable[Button]:
	if scope.blocked:
		return
	if scope.unsubscribed:
		yield Button("resubscribe_all", _("Get our mailings again"), main=True)
		return
	if lists and all(scope.has_left(target_list) for target_list in lists):
		yield Button("resubscribe_list", _("Get mails of {0} again").format(_title(lists)), main=True)
	elif lists:
		yield Button("list", _("No more mails of {0}").format(_title(lists)), main=True)
	yield from _buttons_by_list(scope, lists)
	yield Button("all", _("No more mailings at all"), main=not lists)


def _buttons_by_list(scope: SuppressionScope, lists: list[str]) -> Iterable[Button]:
	"""Yield a button for each list, to leave or rejoin it, where a mailing reaches the person by several."""
	for target_list in lists if len(lists) > 1 else ():
		if scope.has_left(target_list):
			yield Button(f"{JOIN}:{target_list}", _("Get mails of {0} again").format(_title([target_list])))
		else:
			yield Button(f"{LEAVE}:{target_list}", _("No more mails of {0}").format(_title([target_list])))


def _lists(mail: NamedMail) -> list[str]:
	"""Return all lists by which the mailing reaches the person: leaving one of two would not be enough."""
	candidates = {mail.target_list, *suppression_store.source_lists(mail.source_doctype, mail.source)} - {""}
	lists = set(suppression_store.lists_with_member(mail.email, sorted(candidates)))
	if mail.target_list and frappe.db.exists("Target List", mail.target_list):
		lists.add(mail.target_list)
	return sorted(lists)


def _title(targets: list[str]) -> str:
	return ", ".join(_("“{0}”").format(target) if target else _("all our mailings") for target in targets)


def _stored(targets: list[str]) -> str:
	return ", ".join(target or "Everything" for target in targets)


def masked(email: str) -> str:
	"""Return an address that its owner recognises and nobody else learns: j…@example.com."""
	local, _at, domain = email.rpartition("@")
	return f"{local[:1]}…@{domain}"
