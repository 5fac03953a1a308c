"""A site in which every whitelisted function has something to work on, and the arguments of its call."""

from __future__ import annotations

import frappe
from frappe.utils import nowdate

from email_campaigns.audience.suppression.suppression_store import suppress
from email_campaigns.tests.site.kits.builders import (
	PREFIX,
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	addresses,
	change,
)
from email_campaigns.tests.site.kits.came_back import an_event
from email_campaigns.tests.site.kits.drips import DripTest, a_sequence, enrol

CONTACT = "Contact"
MEMBER = "Target List Member"
KEY = "5 5.1.1 user unknown"
ROLES = {
	"Guest": None,
	"Website User": (),
	"No Role": (),
	"Campaign User of Another": ("Campaign User", "Sales User"),
	"Campaign User": ("Campaign User", "Sales User"),
	"Campaign Manager": ("Campaign Manager", "Sales User"),
}


class World(DripTest):
	"""A sent mailing, a list with a file, an enrolment, all of a Campaign User, and users of each role."""

	# It takes ten seconds to make. The tests of a class share it, since calls are rolled back.
	world: dict | None = None

	def setUp(self):
		if type(self).world is None:
			own = set(vars(self))
			super().setUp()
			self.build()
			frappe.db.commit()
			type(self).world = {name: value for name, value in vars(self).items() if name not in own}
		vars(self).update(type(self).world)

	def addCleanup(self, *arguments, **options):
		(super().addCleanup if type(self).world else self.addClassCleanup)(*arguments, **options)

	def tearDown(self):
		frappe.db.rollback()
		frappe.set_user("Administrator")

	def build(self):
		self.users = {role: self._user(role) for role in ROLES}
		self._make_lists()
		self._make_mailing()
		self._make_sequence()
		self._make_event()
		suppress(address("gone"), reason="Hard Bounce", origin=f"{self.mailing}: 550", refusal=KEY)
		self._own_all()

	def _user(self, role: str) -> str:
		if ROLES[role] is None:
			return role
		user = a_user(role.lower().replace(" ", "."), *ROLES[role])
		if role == "Website User":
			frappe.db.set_value("User", user, "user_type", "Website User")
		return user

	def _make_lists(self) -> None:
		self.list = a_list(*addresses(2))
		self.other_list = a_list(address("other"), title=f"{PREFIX} Other List")
		self.contact = a_contact(address("ada"), first_name="Ada")
		add_records(self.list, CONTACT, self.contact)
		self.member = str(frappe.db.get_value(MEMBER, {"target_list": self.list, "email": addresses(1)[0]}))
		name = f"sending-{frappe.generate_hash(length=8)}.csv"
		file = frappe.get_doc({"doctype": "File", "file_name": name, "content": "email\na@b.example\n"})
		file.update({"is_private": 1, "attached_to_doctype": "Target List", "attached_to_name": self.list})
		self.file = file.insert()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.delete_doc, "File", self.file.name, force=True)

	def _make_mailing(self) -> None:
		self.mailing = self.send(a_mailing(self.list, html="<p>Dear {{ doc.first_name }}</p>"))
		self.draft = a_mailing(self.list)
		self.mail = frappe.db.get_value("Campaign Message", {"source": self.mailing}, order_by="name")

	def _make_sequence(self) -> None:
		self.sequence = a_sequence()
		self.enrolment = enrol(self.sequence, self.contact)
		change("Email Campaign", self.enrolment, held_epoch=2**40)

	def _make_event(self) -> None:
		known = {"recipient_doctype": CONTACT, "recipient_name": self.contact, "email": address("ada")}
		mailing = {"mailing_doctype": "Mass Email", "mailing": self.mailing}
		self.event = an_event(status="Done", kind="Reply", message=self.mail, **known, **mailing)

	def _own_all(self) -> None:
		owner = self.users["Campaign User"]
		for doctype, name in (
			("Mass Email", self.mailing),
			("Mass Email", self.draft),
			("Target List", self.list),
			("Target List", self.other_list),
			("Campaign", self.sequence),
			("Email Campaign", self.enrolment),
		):
			change(doctype, name, owner=owner)

	def calls(self) -> dict[str, dict]:
		"""Return {name below api.desk: arguments} of a call of each whitelisted function."""
		mailing, draft, target_list = {"name": self.mailing}, {"name": self.draft}, {"target_list": self.list}
		record = {"doctype": CONTACT, "record": self.contact}
		query = {"txt": "", "searchfield": "name", "start": 0, "page_len": 10}
		layout = {"encoding": "", "separator": "", "heading": None, "sheet": ""}
		behaviour = {"behaviour": "not_opened", "link": ""}
		return {
			"ab_versions.state": mailing,
			"ab_versions.choose": {**mailing, "version": "A"},
			"approval.prepare": draft,
			"approval.submit": {**draft, "overruled": ["a key"]},
			"approval.approve": {**draft, "seen": "", "overruled": ["a key"]},
			"approval.reject": {**draft, "reason": "no"},
			"approval.find_approvers": {"doctype": "User", **query, "filters": {}},
			"choices.time_zones": {},
			"choices.cc_fields": {},
			"choices.find_accounts": {"doctype": "Email Account", **query, "filters": {}},
			"crm.get_activities": {"name": "CRM-LEAD-2026-00001"},
			"crm.choices": {},
			"drip.kinds": {},
			"drip.enrol": {
				**{"campaign": self.sequence, "doctype": CONTACT, "start_date": nowdate()},
				**{"names": [self.contact], "filters": None},
			},
			"drip.stop": {"name": self.enrolment, "reason": "because"},
			"drip.go_on": {"name": self.enrolment},
			"drip.steps": {"name": self.enrolment},
			"drip.figures": {"campaign": self.sequence},
			"drip.preview": {"name": self.enrolment, "step": 1},
			"drip.events": {
				**{"start": "2026-01-01", "end": "2027-01-01", "doctype": "Email Campaign"},
				**{"fields": "", "filters": []},
			},
			"inbound.replies": {"doctype": "Mass Email", **mailing, "before": 0},
			"inbound.bounces": {"doctype": "Mass Email", **mailing, "before": 0},
			"inbound.unsubscribe": {"event": self.event},
			"inbound.suppress_address": {"event": self.event},
			"inbound.sources": {},
			"inbound.look": {"mail": "From: a@b.example\nSubject: Hello\n\nHello"},
			"mass_email.calculate": mailing,
			"mass_email.back_to_draft": mailing,
			"mass_email.pause": mailing,
			"mass_email.resume": mailing,
			"mass_email.cancel": {**draft, "reason": "because"},
			"mass_email.progress": mailing,
			"members.csv_columns": {**target_list, "file_url": self.file.file_url, **layout},
			"members.fields": {**target_list, "record_type": ""},
			"members.import_members": {
				**{**target_list, "file_url": self.file.file_url},
				**{"mapping": {"email": 0}, "record_type": "", **layout},
			},
			"members.add_members": {
				**{**target_list, "doctype": CONTACT},
				**{"names": [self.contact], "filters": None},
			},
			"members.members_progress": target_list,
			"preview.preview": {**draft, **record, "version": ""},
			"preview.send_test": {**draft, "addresses": address("me"), **record, "version": ""},
			"preview.find_members": {"doctype": MEMBER, **query, "filters": {"mass_email": self.mailing}},
			"privacy.known_about": {"email": address("ada")},
			"privacy.forget": {"email": address("ada")},
			"privacy.allow_again": {"email": address("ada")},
			"records.recipient_doctypes": {},
			"resend.figures": mailing,
			"resend.refusal": {"message": self.mail},
			"resend.resend": {"message": self.mail},
			"resend.resend_failed": mailing,
			"resend.resend_missing": mailing,
			"resend.decide_uncertain": {**mailing, "arrived": True, "messages": [self.mail]},
			"resend.why": {**mailing, "who": address("ada"), **record},
			"resend.mails_of": record,
			"results.summary": mailing,
			"results.details": mailing,
			"results.campaign": {"name": self.sequence},
			"results.count_behaviour": {**mailing, **behaviour},
			"results.make_list": {**mailing, **behaviour, "target_list": self.other_list, "is_new": False},
			"results.people_mailed_card": {"filters": "[]"},
			"results.open_rate_card": {"filters": "[]"},
			"results.click_rate_card": {"filters": "[]"},
			"results.bounce_rate_card": {"filters": "[]"},
			"sent_mail.show": {"message": self.mail},
			"sent_mail.texts": mailing,
			"suppression.refusals": {},
			"suppression.refusal": {"key": KEY},
			"suppression.lift_refusal": {"key": KEY, "mailings": [["Mass Email", self.mailing]]},
			"target_list.run_feed": {**target_list, "feed": ""},
			"target_list.feed_columns": {"report": "Bounces", "report_filters": {}},
			"target_list.sign_up_form": target_list,
			"target_list.compare_lists": {"first": self.list, "second": self.other_list},
			"target_list.copy_list": {
				**{**target_list, "title": f"{PREFIX} Copy"},
				**{"part": "only", "other": self.other_list},
			},
			"target_list.merge_lists": {**target_list, "sources": [self.other_list]},
			"target_list.member_states": {"names": [self.member]},
			"tracking.judge_again": {"since": "2026-01-01 00:00:00"},
			"webhooks.addresses": {},
			"webhooks.topics": {},
			"webhooks.confirm_topic": {"topic": "arn:aws:sns:eu-west-1:123456789012:bounces"},
		}
