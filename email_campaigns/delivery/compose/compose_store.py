"""The texts of a mailing, compiled once an edition with this site's links and footer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from uuid import uuid4

import frappe
from frappe import _
from frappe.utils import cint

from email_campaigns.compat import site_url
from email_campaigns.delivery.compose import links_store
from email_campaigns.delivery.compose.composer import Composer
from email_campaigns.delivery.compose.personal_links import PersonalLinks
from email_campaigns.delivery.compose.sent_text import SentText
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.message.child import apart
from email_campaigns.message.compile import CompiledMessage, MessageSource, TemplateError, compile_source
from email_campaigns.message.html.footer import Footer
from email_campaigns.settings import app_settings
from email_campaigns.text import Sentence, _lt
from email_campaigns.tracking.addresses import SignedAddresses
from email_campaigns.tracking.links import PREFIX, LinkMaker
from email_campaigns.tracking.store import token_ring
from email_campaigns.tracking.target import is_plain
from email_campaigns.tracking.tokens import TokenRing

Compiling = Callable[..., CompiledMessage]  # as message.compile.compile_message()

_LOGGED_AGAIN = 86400  # seconds after which the same fault of a template is logged again
_IN_EDITION = _lt("In the version for {0}: {1}")


def make_composers(mailing: Mailing, compiling: Compiling = apart.compile_message) -> dict[str, Composer]:
	"""Return {edition: composer} of all texts of a mailing. `compiling` reads the templates and renders them.

	Raises TemplateError with the line of the fault and the edition, HeaderError for a sender that can't stand
	in a header.
	"""
	return {edition: make_composer(mailing, edition, compiling=compiling) for edition in mailing.editions}


def make_composer(
	mailing: Mailing,
	edition: str = "",
	prefix: str = "",
	compiling: Compiling = apart.compile_message,
) -> Composer:
	"""Return the composer of one text of a mailing. `prefix` stands before each subject.

	Raises TemplateError with the line of the fault, HeaderError.
	"""
	compiled = _compile(mailing, edition, prefix, compiling)
	text = SentText(
		mailing=mailing.name,
		title=mailing.title,
		campaign=mailing.campaign,
		edition=edition,
		sender_name=mailing.sender_name,
		sender_address=mailing.sender_address,
		reply_to=mailing.reply_to,
		informational=mailing.informational,
		names_copies=bool(mailing.cc_fields),
		base_url=site_url(),
		source=compiled.source,
		links=links_store.link_targets(mailing, compiled),
		cfbl_address=(app_settings().get("cfbl_address") or "").strip(),
		bounce_sender=(app_settings().get("bounce_sender") or "").strip(),
	)
	return _composer(text, compiled, token_ring(), _new_id(text, token_ring()))


def remake_composer(text: SentText, *, untracked: bool = False) -> Composer:
	"""Return the composer of a stored text, with the links that this site makes today.

	`untracked` leaves the open pixel out.
	"""
	source = replace(text.source, open_pixel=False) if untracked else text.source
	return _composer(text, _read(source), token_ring(), _new_id(text, token_ring()), site_url())


def remake_letters(text: SentText, message_id: str) -> Composer:
	"""Return the composer of a stored text that makes the very mail that had this Message-ID.

	Its links are signed with the key that signed the Message-ID. Raises KeyError where the site does not have
	that key any more.
	"""
	ring = token_ring(message_id.partition(".")[0])
	return _composer(text, _read(text.source), ring, lambda number: message_id)


def _read(source: MessageSource) -> CompiledMessage:
	with _logging():
		return apart.compile_source(source) if _is_request() else compile_source(source)


def _is_request() -> bool:
	"""Tell whether a web server waits: it makes a mail or two, and a job makes thousands of the same text."""
	return bool(getattr(frappe.local, "request", None))


@contextmanager
def _logging() -> Iterator[None]:
	"""Log a fault of a template that nobody has thought of: once a day, also where the request fails."""
	try:
		yield
	except TemplateError as error:
		if error.trace:
			_log_once(error.trace)
		raise


def _log_once(trace: str) -> None:
	key = f"ec-template-fault-{sha256(trace.encode('utf-8', 'replace')).hexdigest()[:32]}"
	if not frappe.cache.get_value(key, expires=True):
		frappe.cache.set_value(key, 1, expires_in_sec=_LOGGED_AGAIN)
		frappe.log_error("Email Campaigns: a template can't be read", trace, defer_insert=True)


def _composer(
	text: SentText,
	compiled: CompiledMessage,
	ring: TokenRing,
	message_id: Callable[[int], str],
	base_url: str = "",
) -> Composer:
	maker = LinkMaker(base_url or text.base_url, ring)
	return Composer(
		text,
		compiled,
		unsubscribe_url=maker.unsubscribe,
		message_id=message_id,
		personal=PersonalLinks(maker, text.links, informational=text.informational),
		addresses=SignedAddresses(text.bounce_sender, ring) if text.bounce_sender else None,
	)


def _new_id(text: SentText, tokens: TokenRing) -> Callable[[int], str]:
	domain = text.sender_address.rpartition("@")[2]
	return lambda number: f"{tokens.message_id_local_part(number) if number else uuid4().hex}@{domain}"


def _compile(mailing: Mailing, edition: str, prefix: str, compiling: Compiling) -> CompiledMessage:
	text = mailing.text(edition)
	prefix = " ".join(filter(None, (prefix, mailing.prefix)))
	try:
		with _logging():
			message = compiling(
				text.subject,
				text.html,
				footer=_footer(mailing),
				prefix=prefix,
				tracks=_is_foreign if mailing.track_links else None,
				open_pixel=mailing.track_opens,
				base_url=site_url(),
			)
	except TemplateError as error:
		if not edition:
			raise
		raise TemplateError(Sentence(_IN_EDITION, edition, error.sentence)) from error
	links_store.check_links(mailing, message)
	return message


def _is_foreign(url: str) -> bool:
	"""Tell whether clicks on a link are to be tracked; those on the app's own links are facts already."""
	return is_plain(url) and not url.startswith(site_url() + PREFIX)


def _footer(mailing: Mailing) -> Footer:
	settings = app_settings()
	return Footer(
		sender_line=settings.sender_line or "",
		postal_address=settings.postal_address or "",
		unsubscribe=not mailing.informational and bool(cint(settings.add_unsubscribe_link)),
		unsubscribe_text=_("Unsubscribe"),
	)


def used_fields(composers: Mapping[str, Composer]) -> tuple[frozenset[str], bool]:
	"""Return the fields of a record that any text uses, and whether a text may use all of them."""
	messages = [composer.compiled for composer in composers.values()]
	return (
		frozenset().union(*(message.record_fields for message in messages)),
		any(message.uses_whole_record for message in messages),
	)
