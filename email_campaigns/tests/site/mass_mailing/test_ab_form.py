"""An A/B test on its form."""

import frappe
from frappe.utils import add_to_date, now_datetime

from email_campaigns.api.desk import ab_versions as api
from email_campaigns.api.desk import approval, preview
from email_campaigns.jobs import sending
from email_campaigns.mass_mailing import ab_winner_store
from email_campaigns.results import store as results
from email_campaigns.tests.site.kits.ab_kit import A, ABTest, B, C
from email_campaigns.tests.site.kits.builders import PREFIX, a_template, address, change, settings


class TestTheForm(ABTest):
	def test_it_shows_the_versions_and_how_many_wait(self):
		name = self.send(self.mailing())
		self.people_do(name, "clicked", "B", 5)
		self.people_do(name, "unsubscribed", "A", 1)
		state, people = api.state(name), self.versions(name)
		first, second = state["versions"]
		self.assertEqual((first["label"], first["subject"], first["planned"]), ("A", A, len(people["A"])))
		self.assertEqual((second["label"], second["subject"], second["clicked"]), ("B", B, 5))
		self.assertEqual(second["click_rate"], 5 / len(people["B"]))
		self.assertEqual(first["unsubscribed"], 1)
		self.assertEqual(
			(state["waiting"], state["remaining"], state["rest"]), (len(people["Rest"]), 0, None)
		)
		self.assertIn("B is ahead of A", state["comparisons"][0])
		self.tick()
		self.assertTrue(api.state(name)["due"])
		self.hours_pass()
		state = api.state(name)
		self.assertEqual((state["rest"]["sent"], state["waiting"]), (len(people["Rest"]), 0))
		self.assertEqual([row["sent"] for row in state["versions"]], [len(people["A"]), len(people["B"])])

	def test_the_sum_of_the_versions_is_the_mailing(self):
		name = self.send(self.mailing(subjects=(B, C)))
		self.hours_pass()
		by_version = ab_winner_store.version_counts(name)
		self.assertEqual(sum(counts.sent for counts in by_version.values()), results.counts(name).sent)

	def test_it_refuses_what_contradicts_itself(self):
		for words, values in (
			("at most four versions", {"subjects": "WXYZ"}),
			("of its own", {"subjects": ("",)}),
			("above 0", {"percent": 0}),
			("1 to 744 hours", {"ab_hours": 0}),
		):
			with self.assertRaisesRegex(frappe.ValidationError, words):
				self.mailing(**values)
		start, deadline = (add_to_date(now_datetime(), hours=hours) for hours in (1, 4))
		with self.assertRaisesRegex(frappe.ValidationError, "before the winner can be chosen"):
			self.mailing(start_date=start, deadline=deadline)

	def test_nothing_is_chosen_by_saving(self):
		name = self.mailing()
		doc = frappe.get_doc("Mass Email", name)
		seed = doc.ab_seed
		doc.update({"ab_winner": "B", "ab_chosen_by": "Administrator", "ab_seed": "mine", "ab_due_epoch": 1})
		doc.save()
		frappe.db.commit()
		form = self.form(name)
		self.assertEqual((form.ab_winner, form.ab_chosen_by, form.ab_due_epoch), (None, None, 0))
		self.assertEqual(form.ab_seed, seed)
		self.assertEqual([row.label for row in form.ab_versions], ["B"])

	def test_calculate_and_prepare_show_it(self):
		name = self.mailing(cc_fields=[], deadline=add_to_date(now_datetime(), hours=3))
		prepared = approval.prepare(name)
		versions = prepared["count"]["versions"]
		self.assertEqual(sum(versions.values()), 60)
		errors = [finding["text"] for finding in prepared["findings"] if finding["level"] == "error"]
		self.assertEqual(len(errors), 1, errors)
		self.assertIn("before the winner is chosen", errors[0])
		self.assertIn("so few mails", " ".join(finding["text"] for finding in prepared["findings"]))
		self.send(self.mailing(percent=50))

	def test_a_version_that_can_not_be_compiled_stops_the_mailing(self):
		name = self.mailing(subjects=("{{ doc.first_name",))
		errors = [
			finding["text"] for finding in approval.prepare(name)["findings"] if finding["level"] == "error"
		]
		self.assertTrue(any("In the version for B" in text for text in errors), errors)
		self.assertRaises(frappe.ValidationError, approval.submit, name)

	def test_each_version_can_be_looked_at_and_tested(self):
		name = self.mailing()
		self.assertEqual(
			[preview.preview(name, version=label)["subject"] for label in ("", "A", "B")], [A, A, B]
		)
		with self.assertRaisesRegex(frappe.ValidationError, "no version C"):
			preview.preview(name, version="C")
		preview.send_test(name, address("me"), version="B")
		self.assertEqual(self.subjects(), {address("me"): f"[TEST] {B}"})

	def test_an_approval_covers_the_versions_and_not_the_choice(self):
		settings(approval="Needed")
		template = a_template(B, "<p>Other</p>")
		name = self.mailing(ab_versions=[{"email_template": template}], winner_by="By hand")
		approval.submit(name)
		approval.approve(name)
		frappe.db.commit()
		self.go_on()
		api.choose(name, "B")
		frappe.db.commit()
		self.go_on()
		self.assertAllGot(name, "B")

	def test_a_version_that_was_changed_since_voids_the_approval(self):
		settings(approval="Needed")
		template = a_template(B, "<p>Other</p>")
		name = self.mailing(ab_versions=[{"email_template": template}])
		approval.submit(name)
		approval.approve(name)
		change("Email Template", template, response_html="<p>Something else</p>")
		sending.tick()
		form = self.form(name)
		self.assertEqual(form.status, "Draft")
		self.assertIn(PREFIX, form.problem)

	def test_each_test_draws_anew_and_keeps_what_it_has_drawn(self):
		name = self.mailing()
		change("Mass Email", name, ab_seed="")
		seeds = []
		for _time in range(2):
			doc = frappe.get_doc("Mass Email", name)
			doc.save()
			seeds.append(doc.ab_seed)
		self.assertEqual((seeds[0], len(seeds[0])), (seeds[1], 16))
		doc.ab_versions = []
		doc.save()
		self.assertEqual(doc.ab_seed, "", "no test any more")
