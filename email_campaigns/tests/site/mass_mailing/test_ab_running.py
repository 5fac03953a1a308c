"""A/B tests while they run."""

from collections import Counter

import frappe

from email_campaigns.api.desk import ab_versions as api
from email_campaigns.mass_mailing import ab_winner_store
from email_campaigns.tests.site.kits.ab_kit import MANY, A, ABTest, B, C
from email_campaigns.tests.site.kits.builders import (
	PREFIX,
	a_contact,
	a_list,
	a_template,
	add_records,
	address,
)
from email_campaigns.tests.site.kits.copies import COMPANY, offer


class TestTheTest(ABTest):
	def test_a_share_gets_the_versions_and_the_rest_waits(self):
		name = self.send(self.mailing(percent=50))
		people = self.versions(name)
		self.assertEqual(set(people), {"A", "B", "Rest"})
		self.assertTrue(all(len(addresses) > 5 for addresses in people.values()), people)
		self.assertEqual(self.subjects(), {**dict.fromkeys(people["A"], A), **dict.fromkeys(people["B"], B)})
		self.assertEqual(
			self.statuses(name), {"Sent": len(people["A"] + people["B"]), "Queued": len(people["Rest"])}
		)
		self.assertEqual(self.form(name).status, "In Process")
		self.assertNothingLost(name)

	def test_the_best_version_goes_to_the_rest_after_its_hours(self):
		name = self.send(self.mailing())
		self.people_do(name, "clicked", "B", 5)
		self.people_do(name, "opened", "A", 9)
		self.people_do(name, "clicked", "A", 2)
		self.tick()
		self.hours_pass(3.9)
		self.assertFalse(self.form(name).ab_winner)
		self.hours_pass(4)
		form = self.form(name)
		self.assertEqual((form.ab_winner, form.ab_chosen_by), ("B", None))
		self.assertIn("B is ahead of A", form.ab_reason)
		self.assertTrue(form.ab_chosen_on)
		self.assertAllGot(name, "B")

	def test_programs_choose_nothing(self):
		name = self.send(self.mailing(winner_by="Opens"))
		self.people_do(name, "opened", "B", 9, verdict="machine")
		self.people_do(name, "opened", "A", 1)
		self.hours_pass()
		self.assertAllGot(name, "A")

	def test_where_nobody_has_done_anything_a_wins_and_it_is_said(self):
		name = self.send(self.mailing(subjects=(B, C), winner_by="Replies"))
		self.hours_pass()
		self.assertIn("nobody has replied. So the first of them was chosen: A.", self.form(name).ab_reason)
		self.assertAllGot(name, "A")

	def test_by_hand_it_waits_for_ever(self):
		name = self.send(self.mailing(winner_by="By hand"))
		self.people_do(name, "clicked", "B", 5)
		self.hours_pass(9999)
		self.assertFalse(self.form(name).ab_winner)
		self.assertEqual(self.form(name).status, "In Process")
		api.choose(name, "A")
		frappe.db.commit()
		self.go_on()
		form = self.form(name)
		self.assertEqual(
			(form.ab_winner, form.ab_chosen_by, form.ab_reason), ("A", "Administrator", "Chosen by hand.")
		)
		self.assertAllGot(name, "A")

	def test_a_version_may_have_a_template_of_its_own(self):
		rows = [{"email_template": a_template(B, "<p>Another text</p>")}, {"subject": C}]
		name = self.send(self.mailing(ab_versions=rows, percent=100))
		people = self.versions(name)
		self.assertEqual(set(people), {"A", "B", "C"})
		texts = {
			mail.recipients[0]: mail.parsed.get_body(("plain",)).get_content()
			for mail in self.server.messages
		}
		self.assertTrue(all(("Another text" in texts[email]) == (email in people["B"]) for email in MANY))
		self.assertEqual(
			Counter(self.subjects().values()), {A: len(people["A"]), B: len(people["B"]), C: len(people["C"])}
		)
		self.assertEqual(self.form(name).status, "Complete", "nobody waits, so there is nothing to choose")

	def test_seeds_see_every_version_and_wait_for_none(self):
		seeds = [address(f"colleague{number}") for number in range(3)]
		name = self.send(self.mailing(seed_list=a_list(*seeds, title=f"{PREFIX} Seeds"), percent=10))
		self.assertEqual([self.subjects()[email] for email in seeds], [A, B, A])
		self.assertCounts(name)
		self.assertEqual(
			sum(ab_winner_store.version_counts(name)[label].planned for label in ("A", "B")),
			self.in_test(name),
		)

	def in_test(self, name):
		people = self.versions(name)
		return len(people.get("A", [])) + len(people.get("B", []))

	def test_whoever_gets_a_language_version_takes_no_part(self):
		german = a_contact(address("hans"), first_name="Hans")
		row = frappe.qb.DocType("Target List Member")
		add_records(a_list(), "Contact", german)
		frappe.qb.update(row).set(row.language, "de").where(row.email == MANY[0]).run()
		versions = [{"language": "de", "email_template": a_template("Betreff", "<p>Hallo</p>")}]
		name = self.mailing(*MANY, language_versions=versions)
		frappe.db.sql("UPDATE `tabTarget List Member` SET language = 'de' WHERE email = %s", MANY[0])
		frappe.db.commit()
		self.send(name)
		self.assertEqual(self.subjects()[MANY[0]], "Betreff")
		self.assertEqual(self.versions(name)[""], [MANY[0]])

	def test_held_out_people_are_in_no_version(self):
		name = self.send(self.mailing(holdout_percent=30))
		held = frappe.get_all("Campaign Message", {"source": name, "status": "Skipped"}, ["version", "email"])
		self.assertGreater(len(held), 5)
		self.assertEqual({row.version or "" for row in held}, {""})
		self.hours_pass()
		self.assertAllGot(name, "A", *(set(MANY) - {row.email for row in held}))

	def test_a_copy_is_of_the_version_of_its_mail(self):
		offer(COMPANY)
		self.addCleanup(offer)
		people = [address(f"kim{number}") for number in range(12)]
		contacts = [a_contact(email, company_name=f"boss-of-{email}") for email in people]
		add_records(a_list(title=f"{PREFIX} Contacts"), "Contact", *contacts)
		name = self.mailing(
			cc_fields=[{"cc_field": COMPANY}], target_lists=[{"target_list": f"{PREFIX} Contacts"}]
		)
		self.send(name)
		first = self.versions(name)
		self.assertTrue(first.get("Rest") and len(first) > 1, first)
		api.choose(name, "B")
		frappe.db.commit()
		self.go_on()
		subjects = self.subjects()
		self.assertEqual(len(subjects), 24)
		for email in people:
			self.assertEqual(subjects[email], subjects[f"boss-of-{email}"])
		for email in first["Rest"]:
			self.assertEqual(subjects[email], B)
		self.assertEqual(self.form(name).status, "Complete")
