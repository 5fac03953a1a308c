"""Who answers for what a mailing shows: a mail has only those fields of a record that all of them may read.

They are the owner and the last editor of the mailing, or of the campaign of a step, and of each of its
templates, and whoever has started, approved or resumed the mailing. Only a person's save makes an editor:
`edited_by` of a form is written when it is saved, and never by a job.

A disabled user may read nothing. Of the owner of a document this says nothing, for whoever saved it last
answers for it. But where its last editor is disabled, somebody else has to save it again (`author_problem`).
"""

from __future__ import annotations

from collections.abc import Iterable

import frappe
from frappe import _
from frappe.utils import cint, get_fullname

from email_campaigns.delivery.mailing.mailing import Mailing


def mass_email_authors(doc) -> tuple[tuple[str, ...], tuple[str, ...]]:
	"""Return the users who answer for a Mass Email, and those of them who did not when it was prepared.

	The second are who has changed a template since; before a mailing is prepared there are none.
	"""
	prepared = stored_authors(doc)
	authors = _authors([_edit(doc), *_templates(mass_email_templates(doc))], prepared)
	return authors, tuple(user for user in authors if prepared and user not in prepared)


def step_authors(campaign, template: str, sender: str) -> tuple[str, ...]:
	"""Return the users who answer for a step of a document Campaign that leaves in the name of `sender`."""
	return _authors([_edit(campaign), *_templates([template])], [sender])


def campaign_authors(campaign) -> tuple[str, ...]:
	"""Return the users who answer for any step of a document Campaign, without those who enrol."""
	templates = [row.email_template for row in campaign.campaign_schedules]
	return _authors([_edit(campaign), *_templates(templates)], ())


def mass_email_templates(doc) -> list[str]:
	"""Return the Email Templates of all texts of a Mass Email."""
	versions = (*doc.language_versions, *doc.ab_versions)
	names = [doc.email_template, *(row.email_template for row in versions)]
	return list(dict.fromkeys(filter(None, names)))


def _edit(doc) -> tuple[str, str]:
	"""Return (owner, last editor) of a form; one from before `edited_by` has its owner there."""
	return doc.owner, doc.get("edited_by") or doc.owner


def _templates(names: Iterable[str]) -> list[tuple[str, str]]:
	"""Return (owner, last editor) of each Email Template."""
	rows = frappe.get_all(
		"Email Template",
		{"name": ("in", sorted(set(names)) or [""])},
		["owner", "modified_by"],
		order_by="name",
	)
	return [(row.owner, row.modified_by or row.owner) for row in rows]


def _authors(edits: Iterable[tuple[str, str]], others: Iterable[str]) -> tuple[str, ...]:
	"""Return the last editors of some documents, with those of their owners and `others` who are enabled."""
	owners, editors = zip(*edits, strict=True)
	enabled = [user for user in (*owners, *others) if user and is_enabled(user)]
	return tuple(dict.fromkeys([*filter(None, editors), *enabled]))


def is_enabled(user: str) -> bool:
	"""Tell whether a user exists and may sign in."""
	return user == "Administrator" or bool(cint(frappe.db.get_value("User", user, "enabled")))


def stored_authors(doc) -> list[str]:
	"""Return the users whose rights a Mass Email was prepared with, none before that."""
	return (doc.get("rights_of") or "").split()


def authors_text(users: Iterable[str]) -> str:
	"""Return users as `rights_of` keeps them, each once."""
	return "\n".join(dict.fromkeys(users))


def prepared_fields(doc, user: str) -> dict[str, str]:
	"""Return the fields of a Mass Email that keep who answers for it when `user` starts it or lets it go on.

	Where its last editor was disabled since, `user` takes their place.
	"""
	authors = [*filter(is_enabled, mass_email_authors(doc)[0]), user]
	values = {"rights_of": authors_text(authors)}
	return values if is_enabled(_edit(doc)[1]) else {**values, "edited_by": user}


def author_problem(mailing: Mailing) -> str:
	"""Return why nobody can answer for a text of a mailing, as a sentence; "" where all can."""
	disabled = [user for user in mailing.authors if not is_enabled(user)]
	if not disabled:
		return ""
	sentence = _(
		"{0} is disabled, and was the last to save this mailing, its campaign or a template of it."
		" Somebody else has to save that again."
	)
	return sentence.format(", ".join(map(get_fullname, disabled)))


def check_authors(mailing: Mailing) -> Mailing:
	"""Return a mailing for whose texts somebody answers. Raises ValidationError for any other."""
	if problem := author_problem(mailing):
		frappe.throw(problem)
	return mailing
