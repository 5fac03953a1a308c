"""The texts of a mailing, compiled once an edition with this site's links and footer."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from frappe import _
from frappe.utils import cint

from email_campaigns.compat import site_url
from email_campaigns.delivery.compose import links_store
from email_campaigns.delivery.compose.composer import Composer
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.message.compile import CompiledMessage, TemplateError, compile_message
from email_campaigns.message.footer import Footer
from email_campaigns.settings import app_settings
from email_campaigns.site_time import database_clock
from email_campaigns.text import Sentence, _lt
from email_campaigns.tracking.links import PREFIX
from email_campaigns.tracking.store import link_maker, token_ring
from email_campaigns.tracking.target import is_plain

_IN_EDITION = _lt("In the version for {0}: {1}")


def make_composers(mailing: Mailing, prefix: str = "") -> dict[str, Composer]:
	"""Return {edition: composer} of all texts of a mailing. `prefix` stands before each subject.

	Raises TemplateError with the line of the fault and the edition, HeaderError for a sender that can't stand
	in a header.
	"""
	return {
		edition: make_composer(mailing, compile_text(mailing, edition, prefix))
		for edition in mailing.editions
	}


def compile_text(mailing: Mailing, edition: str = "", prefix: str = "") -> CompiledMessage:
	"""Return one text of a mailing, compiled. Raises TemplateError with the line of the fault."""
	text = mailing.text(edition)
	prefix = " ".join(filter(None, (prefix, mailing.prefix)))
	try:
		message = compile_message(
			text.subject,
			text.html,
			footer=_footer(mailing),
			prefix=prefix,
			tracks=_is_foreign if mailing.track_links else None,
			open_pixel=mailing.track_opens,
		)
	except TemplateError as error:
		if not edition:
			raise
		raise TemplateError(Sentence(_IN_EDITION, edition, error.sentence)) from error
	links_store.check_links(mailing, message)
	return message


def _is_foreign(url: str) -> bool:
	"""Tell whether clicks on a link are to be tracked; those on the app's own links are facts already."""
	return is_plain(url) and not url.startswith(site_url().rstrip("/") + PREFIX)


def _footer(mailing: Mailing) -> Footer:
	settings = app_settings()
	return Footer(
		sender_line=settings.sender_line or "",
		postal_address=settings.postal_address or "",
		unsubscribe=not mailing.informational and bool(cint(settings.add_unsubscribe_link)),
		unsubscribe_text=_("Unsubscribe"),
	)


def make_composer(mailing: Mailing, message: CompiledMessage) -> Composer:
	"""Return the composer of one compiled text. Raises HeaderError."""
	maker, tokens = link_maker(), token_ring()
	domain = mailing.sender_address.rpartition("@")[2]
	return Composer(
		mailing,
		message,
		unsubscribe_url=maker.unsubscribe,
		personal=links_store.make_personal_links(mailing, message, maker),
		message_id=lambda number: (
			f"{tokens.message_id_local_part(number) if number else uuid4().hex}@{domain}"
		),
		clock=database_clock(),
	)


def used_fields(composers: Mapping[str, Composer]) -> tuple[frozenset[str], bool]:
	"""Return the fields of a record that any text uses, and whether a text may use all of them."""
	messages = [composer.compiled for composer in composers.values()]
	return (
		frozenset().union(*(message.record_fields for message in messages)),
		any(message.uses_whole_record for message in messages),
	)
