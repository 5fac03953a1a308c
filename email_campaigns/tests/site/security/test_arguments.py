"""Arguments that no browser sends: no function breaks, writes, or tells what its caller may not read."""

import inspect
import json

import frappe

from email_campaigns.tests.site.kits.api_calls import APP, DESK, call, parameters, whitelisted, without_ids
from email_campaigns.tests.site.kits.api_world import MEMBER, World
from email_campaigns.tests.site.kits.visitor import Visitor

QUERIES = {
	"preview.find_members": MEMBER,
	"approval.find_approvers": "User",
	"choices.find_accounts": "Email Account",
}
NO_TEXT = {
	"a filter": {"name": ["like", "%"]},
	"a filter of nothing": {"name": ["like", "no such name"]},
	"a list": ["like", "%"],
	"a nested list": [[[{"a": [None]}]]],
	"a fraction": 1.5,
	"true": True,
	"a zero byte": "a\0b",
	"half a character": "\ud800",
	"a long text": "x" * 100_000,
	"a number that no column holds": 10**5000,
}
# JSON can't carry the number. Frappe 16 logs each error of a report, and its log can't store the half.
NOT_IN_REPORTS = ("a number that no column holds", "half a character")
ODD = {
	**NO_TEXT,
	"null": None,
	"a number": 0,
	"a negative number": -1,
	"a huge number": 10**30,
	"an endless number": float("inf"),
	"nothing": "",
	"a space": " ",
	"quotes": "'\"`\\;-- %s %(name)s {0} {x} <b>&",
	"a filter as text": '{"name": ["like", "%"]}',
	"a list as text": '[["name", "like", "%"]]',
	"a broken list": "[[",
	"deep": "[" * 5000,
	"a list of odd things": [None, {"a": 1}, ["b", "c"], "\0"],
	"conditions of a strange field": [["Contact", "no_such_field`", "=", "x"]],
	"conditions with a strange value": [["Contact", "creation", "between", ["x"]]],
	"conditions of a tree": [["Contact", "first_name", "descendants of", "x"]],
	"a condition on no day": [["Contact", "creation", ">", "no day"]],
	"a condition like nothing": [["Contact", "first_name", "like", None]],
	"a condition in a number": [["Contact", "name", "in", 5]],
}
REPORTS = ("Campaign Results", "Link Clicks", "Unsubscribes", "Bounces")


class TestOddArguments(World):
	def arguments(self):
		"""Yield (method, its name as a request has it, all arguments, the one to change, its annotation)."""
		functions = whitelisted()
		for method, arguments in self.calls().items():
			for name, parameter in parameters(functions[DESK + method]).items():
				yield DESK + method, arguments, name, str(parameter.annotation)

	def test_every_argument_of_every_function_is_tried(self):
		functions = whitelisted()
		self.assertEqual({DESK + method for method in self.calls()}, set(functions))
		for method, arguments in self.calls().items():
			self.assertEqual(set(arguments), set(parameters(functions[DESK + method])), method)

	def test_nothing_breaks_and_what_is_no_text_is_refused_before_anything_is_written(self):
		faults = []
		for method, arguments, name, annotation in self.arguments():
			for kind, value in ODD.items():
				outcome = call(method, self.users["Campaign User"], **{**arguments, name: value})
				if outcome.status >= 500:
					faults.append(f"{method}({name}={kind}): {outcome.error!r}")
				is_text = annotation in ("Name", "Text", "Day", "Moment")
				if is_text and kind in NO_TEXT and (outcome.status, outcome.writes) != (417, 0):
					faults.append(f"{method}({name}={kind}): {outcome}")
		self.assertEqual(faults, [], "\n".join(faults))

	def test_a_missing_argument_is_a_sentence(self):
		for method, arguments, name, _annotation in self.arguments():
			rest = {other: value for other, value in arguments.items() if other != name}
			with self.subTest(f"{method} without {name}"):
				self.assertLess(call(method, self.users["Campaign User"], **rest).status, 500)

	def test_queries_of_link_fields(self):
		for query, doctype in QUERIES.items():
			for kind, value in ODD.items():
				if isinstance(value, str):
					continue  # the framework itself reads the text as JSON
				arguments = {"doctype": doctype, "txt": "", "query": DESK + query, "filters": value}
				outcome = call("frappe.desk.search.search_link", self.users["Campaign User"], **arguments)
				self.assertLess(outcome.status, 500, f"{query} with {kind}: {outcome}")

	def test_filters_of_reports(self):
		user, faults = self.users["Campaign User"], []
		for report in REPORTS:
			for kind, value in ODD.items():
				if kind in NOT_IN_REPORTS:
					continue
				for name in ("mass_email", "campaign", "from_date", "to_date"):
					filters = json.dumps({name: value})
					arguments = {"report_name": report, "filters": filters}
					outcome = call("frappe.desk.query_report.run", user, **arguments)
					if outcome.status >= 500 or (kind in NO_TEXT and outcome.status != 417):
						faults.append(f"{report} with {name}={kind}: {outcome}")
		self.assertEqual(faults, [], "\n".join(faults))


class TestFiles(World):
	def columns_of(self, file_url):
		arguments = {"target_list": self.list, "file_url": file_url}
		return call(f"{DESK}members.csv_columns", self.users["Campaign User"], **arguments)

	def a_file(self, **values):
		doc = frappe.get_doc({"doctype": "File", "file_name": "sending.csv", **values})
		doc.flags.ignore_file_validate = True
		doc.insert(ignore_permissions=True)
		frappe.db.commit()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.delete_doc, "File", doc.name, force=True)
		return doc

	def test_a_link_to_another_site_is_refused_with_a_sentence(self):
		url = "http://127.0.0.1:1/members.csv"
		self.a_file(file_url=url)
		outcome = self.columns_of(url)
		self.assertEqual(outcome.status, 417, outcome)
		self.assertIn("Upload the file itself", outcome.said)

	def test_a_file_that_is_gone_from_the_disk(self):
		doc = self.a_file(content="email\nb@c.example\n")
		doc.delete_file_data_content()
		self.assertIn("no longer on this site", self.columns_of(doc.file_url).said)

	def test_a_private_file_of_somebody_else_is_like_none(self):
		doc = self.a_file(content="email\nd@e.example\n", is_private=1)
		missing = "/private/files/no-such.csv"
		self.assertEqual(
			self.columns_of(doc.file_url).without(doc.file_url),
			self.columns_of(missing).without(missing),
		)


class TestOverHttp(World):
	def key_of(self, user):
		doc = frappe.get_doc("User", user)
		doc.update({"api_key": "key-of-tests", "api_secret": "secret-of-tests"})
		doc.save(ignore_permissions=True)
		frappe.db.commit()
		return "key-of-tests:secret-of-tests"

	def test_a_filter_in_the_place_of_a_name_is_refused_whether_it_matches_or_not(self):
		headers = {"Authorization": f"token {self.key_of(self.users['Campaign User'])}"}
		functions = whitelisted()
		for method, arguments in self.calls().items():
			named = [
				name
				for name, parameter in parameters(functions[DESK + method]).items()
				if parameter.annotation == "Name"
			]
			for name in named:
				first, second = (
					self.answer(method, {**arguments, name: {"owner": ["like", owner]}}, headers)
					for owner in ("%", "nobody")
				)
				self.assertEqual(first[0], 417, f"{method}({name}): {first}")
				self.assertEqual(first, second)

	@staticmethod
	def answer(method, arguments, headers):
		answer = Visitor().post(f"/api/method/{DESK}{method}", json=arguments, headers=headers)
		return answer.status_code, without_ids(answer.get_data(as_text=True))


class TestDocuments(World):
	def test_no_method_of_our_doctypes_can_be_called(self):
		"""run_doc_method calls what is whitelisted on a document; ours have nothing."""
		modules = frappe.get_all("Module Def", {"app_name": APP}, pluck="name")
		doctypes = frappe.get_all("DocType", {"module": ["in", modules], "istable": 0}, pluck="name")
		self.assertIn("Mass Email", doctypes)
		for doctype in doctypes:
			single = frappe.get_meta(doctype).issingle
			name = doctype if single else next(iter(frappe.get_all(doctype, pluck="name", limit=1)), None)
			if name is not None:
				self.refuses_methods(doctype, name)

	def refuses_methods(self, doctype, name):
		controller = type(frappe.get_doc(doctype, name))
		for method, function in inspect.getmembers(controller, inspect.isfunction):
			if function.__module__.split(".")[0] != APP:
				continue
			arguments = {"dt": doctype, "dn": name, "method": method}
			outcome = call("run_doc_method", self.users["Campaign Manager"], **arguments)
			self.assertEqual((outcome.status, outcome.writes), (403, 0), f"{doctype}.{method}: {outcome}")
