"""The app with ERPNext, on a site of its own: installed after it, migrated twice, sending, uninstalled.

The rows are compared after each step. ERPNext is the bench's own where it has one, else the stand-in under
tests/data, which has its names and behaviour.
"""

from types import SimpleNamespace

import pytest

from email_campaigns.audience.decide import TYPE_MISSING
from email_campaigns.erpnext.history_store import NOTED, PASSED
from email_campaigns.tests.site.kits.other_site import an_other_site

OURS = {"Campaign", "Campaign Email Schedule", "Email Campaign"}
STOPPED = {"send_email_to_leads_or_contacts": 1, "set_email_campaign_status": 1}
RUNNING = dict.fromkeys(STOPPED, 0)


@pytest.fixture(scope="module")
def journey(bench):
	"""All that the steps have shown, made once: they take about two minutes."""
	with an_other_site(bench, "erpnext") as (site, server):
		yield _travel(site, server)


def _travel(site, server) -> SimpleNamespace:
	seen = SimpleNamespace(received={}, site=site, server=server)
	site.make()
	site.frappe("install-app", "erpnext")
	_noon, seen.at, seen.before = site.steps(("noon", {}), ("seed", {"port": server.port}), ("state", {}))
	_install(site, seen)
	_send(site, server, seen)
	_work(site, seen)
	_uninstall(site, seen)
	return seen


def _install(site, seen) -> None:
	seen.refusals, after = site.steps(("refusals", {}), ("state", {}))
	seen.refused_nothing_changed = after == seen.before
	site.frappe("install-app", "email_campaigns")
	spring = {"campaign": seen.at["spring"]}
	seen.installed, seen.ledger, seen.logged, seen.steps, seen.sources = site.steps(
		("state", {}), ("ledger", {}), ("logged", {}), ("steps", spring), ("sources", {})
	)
	for _time in range(2):
		site.frappe("migrate", "--skip-search-index")
	seen.taken_again, seen.migrated, seen.ledger_after_migration = site.steps(
		("taken_again", {}), ("state", {}), ("ledger", {})
	)


def _send(site, server, seen) -> None:
	site.step("save_all")
	for day in (0, 4):
		before = len(server.messages)
		site.step("send", port=server.port, day=day)
		mails = server.messages[before:]
		seen.received[day] = sorted((mail.recipients[0], str(mail.parsed["Subject"])) for mail in mails)
	seen.sent = site.step("statuses")


def _work(site, seen) -> None:
	at = seen.at
	seen.names, seen.hook, seen.renamed, seen.mirrored, seen.new, seen.group_left, seen.revenue = site.steps(
		("new_names", {}),
		("unsubscribe", {"enrolment": at["ahead"], "who": "ida"}),
		("resave_links", {"lead": at["ann"], "campaign": at["spring"]}),
		("mirrored", {}),
		("work_on", {"spring": at["spring"], "lead": at["eve"], "other": at["dee"]}),
		("enrol_group_and_leave", {"spring": at["spring"]}),
		("revenue", {"spring": at["spring"]}),  # the last, for it ends as another user
	)


def _uninstall(site, seen) -> None:
	seen.leaving = site.step("state")
	site.frappe("uninstall-app", "email_campaigns", "--yes", "--no-backup")
	seen.given_back, seen.leftovers, seen.comments, seen.due_now = site.steps(
		("state", {}), ("leftovers", {}), ("comments", {}), ("due_now", {})
	)
	seen.again = site.step("erpnext_again", lead=seen.at["bob"])
	site.frappe("migrate", "--skip-search-index")
	seen.migrated_after = site.step("state")


def test_another_app_that_owns_a_name_stops_the_installation_and_so_does_a_custom_field(journey):
	other, custom, field = journey.refusals
	assert "other_crm" in other
	assert "Campaign" in other
	assert "Nothing was changed" in other
	assert "Custom" in custom
	assert "Campaign" in custom
	assert "plan_step" in field
	assert "Email Campaign" in field
	assert "Nothing was changed" in field
	assert journey.refused_nothing_changed


def test_the_doctypes_are_ours_and_not_a_value_of_erpnexts_has_changed(journey):
	for seen in (journey.installed, journey.migrated):
		assert set(seen["owners"].values()) == {"Email Campaigns"}
		assert seen["tables"] == journey.before["tables"]
		assert seen["series"] == journey.before["series"]
	assert len(journey.before["tables"]["Email Campaign"]) == 6


def test_erpnexts_jobs_are_stopped_and_stay_stopped(journey):
	assert journey.before["jobs"] == RUNNING
	assert journey.installed["jobs"] == journey.migrated["jobs"] == STOPPED


def test_the_order_of_installation_does_not_matter(journey):
	again = journey.taken_again
	assert (set(again["given"].values()), again["running"]) == ({"CRM"}, RUNNING)
	assert (set(again["owners"].values()), again["jobs"]) == ({"Email Campaigns"}, STOPPED)


def test_erpnexts_roles_keep_their_rights_and_ours_get_theirs(journey):
	before = {tuple(rule) for rule in journey.before["permissions"]["Campaign"]}
	now = {tuple(rule) for rule in journey.migrated["permissions"]["Campaign"]}
	assert before <= now
	assert {rule[0] for rule in now} >= {"Campaign Manager", "Campaign User", "Sales Manager", "Sales User"}


def test_steps_have_numbers_of_their_own(journey):
	assert journey.steps == [["A", 0, 1], ["B", 3, 2], ["C", 7, 3]]


def rows_of(journey, which, ledger=None):
	return [row[1:5] for row in ledger or journey.ledger if row[0] == journey.at[which]]


def test_what_erpnext_sent_is_in_the_ledger(journey):
	sent = lambda who, *numbers: [[number, f"{who}@erpnext.example", "Sent", ""] for number in numbers]  # noqa: E731
	assert rows_of(journey, "under_way") == sent("ann", 1, 2)
	friends = [sent(who, number) for number in (1, 2) for who in ("fay", "gus", "hal")]
	assert rows_of(journey, "group") == [row for rows in friends for row in rows]
	assert rows_of(journey, "left") == sent("cy", 1, 2)
	assert rows_of(journey, "ahead") == []
	assert journey.ledger_after_migration == journey.ledger


def test_members_of_a_group_are_known_by_their_own_record(journey):
	kinds = {(row[5], bool(row[6])) for row in journey.ledger if row[0] == journey.at["group"]}
	assert kinds == {("Email Group Member", True)}


def test_a_step_without_a_trace_counts_as_done_once_its_day_has_passed(journey):
	assert rows_of(journey, "untold") == [[1, "", "Skipped", PASSED], [2, "", "Skipped", PASSED]]
	sent = [row for row in rows_of(journey, "over") if row[2] == "Sent"]
	assert [row[0] for row in sent] == [1, 2], "their Communications lie far back, with the enrolment"
	assert rows_of(journey, "over")[2] == [3, "", "Skipped", PASSED]


def test_each_sent_mail_is_in_the_log_on_its_day(journey):
	sent = sorted([row[0], row[2]] for row in journey.ledger if row[3] == "Sent")
	assert sorted(row[:2] for row in journey.logged) == sent
	days = {row[2] for row in journey.logged if row[0] == journey.at["under_way"]}
	assert len(days) == 2


def test_only_steps_that_erpnext_has_not_sent_leave(journey):
	assert journey.received[0] == [("bob@erpnext.example", "Subject C")]
	friends = ["ann", "fay", "gus", "hal"]
	expected = [(f"{who}@erpnext.example", "Subject C") for who in friends]
	assert journey.received[4] == sorted([*expected, ("ida@erpnext.example", "Subject A")])


def test_enrolments_continue_where_they_were(journey):
	statuses = {which: journey.sent[journey.at[which]] for which in ("left", "over", "ahead", "under_way")}
	ended = {"left": "Unsubscribed", "over": "Completed"}
	assert statuses == {**ended, "ahead": "In Progress", "under_way": "In Progress"}


def test_campaigns_are_named_as_erpnext_is_told(journey):
	autumn, *twice = journey.names
	assert autumn == "Autumn"
	assert twice == [following(journey.at["twice"], more) for more in (1, 2)]


def test_enrolments_go_on_counting(journey):
	assert journey.new["ours"] == following(journey.before["tables"]["Email Campaign"], 1)


def following(names, more):
	"""Return the name that comes so many after the last of these."""
	prefix, _, number = max(names).rpartition("-")
	return f"{prefix}-{int(number) + more:05}"


def test_erpnexts_unsubscribe_hook_works(journey):
	assert journey.hook == "Unsubscribed"


def test_links_to_a_campaign_keep_working(journey):
	assert journey.renamed == "Summer"


def test_recipient_sources_are_those_of_erpnext(journey):
	sources = {row[0]: row[1:] for row in journey.sources}
	assert sources["Lead"] == ["email_id", "lead_name", "unsubscribed", "language"]
	assert sources["Customer"] == ["email_id", "customer_name", "", "language"]
	assert sources["Contact"][:3] == ["email_id", "first_name", "unsubscribed"]


def test_revenue_of_won_deals_is_each_order_once_and_opportunities_without_one(journey):
	(revenue,) = journey.revenue["all"]
	assert (revenue["amount"], revenue["deals"]) == (100 + 25 + 3, 3)
	assert "revenue" in journey.revenue["columns"]


def test_a_user_who_may_not_read_deals_sees_no_revenue(journey):
	assert journey.revenue["clerk"] == []


def test_a_campaign_is_mirrored_as_erpnext_16_does(journey):
	name = journey.mirrored["name"]
	assert journey.mirrored["new"] == [["Winter", "Snow", name]]
	assert journey.mirrored["changed"] == [["Winter", "Ice", name]]
	assert journey.mirrored["renamed"] == [["Gale", None, "Gale"]]


def test_uninstalling_gives_the_doctypes_back(journey):
	back = journey.given_back
	assert back["owners"] == journey.before["owners"] == journey.migrated_after["owners"]
	assert back["columns"] == journey.before["columns"]
	assert back["permissions"] == journey.before["permissions"]
	assert back["jobs"] == RUNNING
	assert not any(journey.leftovers.values()), journey.leftovers


def test_not_a_value_is_lost_but_for_statuses_and_references_that_erpnext_does_not_know(journey):
	leaving, back = journey.leaving["tables"], journey.given_back["tables"]
	for doctype in leaving:
		assert set(leaving[doctype]) == set(back[doctype])
		for name, row in leaving[doctype].items():
			changed = {key: value for key, value in back[doctype][name].items() if value != row[key]}
			if doctype == "Communication" and changed:  # of a step: ERPNext knows by it what was sent
				assert set(changed) <= {"reference_doctype", "reference_name", "email_template"}
				assert changed["reference_doctype"] == "Email Campaign"
			else:
				assert set(changed) <= {"status"}, (doctype, name, changed)
				assert doctype == "Email Campaign" or not changed


def test_erpnexts_own_rows_are_what_they_were(journey):
	before, back = journey.before["tables"], journey.given_back["tables"]
	for doctype in ("Lead", "Email Unsubscribe", "Campaign Email Schedule", "Communication"):
		for name, row in before[doctype].items():
			assert back[doctype][name] == {**row, "modified": back[doctype][name]["modified"]}, (
				doctype,
				name,
			)


def test_what_erpnext_cannot_go_on_with_has_ended_and_says_why(journey):
	new, back = journey.new, journey.given_back["tables"]["Email Campaign"]
	for which in ("ours", "user", "halted", "replied"):
		assert back[new[which]]["status"] == "Unsubscribed", which
		assert journey.comments[new[which]], which
	assert back[new["replied_long_ago"]]["status"] == "Completed"
	assert "Cancelled: No use" in journey.comments[new["replied_long_ago"]]
	assert back[journey.group_left]["status"] == "Unsubscribed"
	assert "left" in journey.comments[journey.group_left]
	assert "Only if not opened" in journey.comments[new["quiet"]]


def test_erpnexts_jobs_wait_for_their_next_day(journey):
	assert journey.due_now == []


def test_erpnext_works_on(journey):
	again = journey.again
	assert again["campaign"] == "After"
	assert again["sent"] == [[again["enrolment"], "bob@erpnext.example"]]
	for which in ("ours", "user", "halted", "replied"):
		assert again["statuses"][journey.new[which]] == "Unsubscribed", "its status job leaves what has ended"


@pytest.fixture(scope="module")
def later(journey):
	"""What is seen on the same site where ERPNext is installed after this app, and then uninstalled."""
	site, seen = journey.site, SimpleNamespace()
	site.frappe("uninstall-app", "erpnext", "--yes", "--no-backup")
	site.frappe("install-app", "email_campaigns")
	site.frappe("install-app", "erpnext")
	seen.installed, seen.remembered, seen.started, seen.at = site.steps(
		("state", {}),
		("remembered_jobs", {}),
		("start_jobs_and_tick", {}),
		("seed_later", {"port": journey.server.port}),
	)
	site.frappe("uninstall-app", "erpnext", "--yes", "--no-backup")
	seen.gone = site.step("without_erpnext", **seen.at)
	return seen


def test_erpnexts_jobs_are_stopped_where_it_is_installed_after_this_app(later):
	assert later.installed["jobs"] == STOPPED
	assert set(later.installed["owners"].values()) == {"Email Campaigns"}
	assert later.remembered == sorted(STOPPED), "both are started again when this app goes"


def test_jobs_that_were_started_past_their_documents_are_stopped_by_the_next_tick(later):
	assert later.started == STOPPED


def test_what_was_about_records_of_erpnext_ends_with_a_reason_when_it_is_uninstalled(later):
	gone = later.gone
	assert gone["enrolment"] == ["Cancelled", TYPE_MISSING]
	assert "Lead" not in gone["sources"]
	assert gone["default"] is None
	assert gone["mails"] == [["Sent", ""], ["Skipped", TYPE_MISSING]]
	assert gone["status"] == "Complete"


@pytest.fixture(scope="module")
def again(later, journey):
	"""What is seen where steps of ERPNext's and of ours are done, the schedule is edited, and this app is
	uninstalled and installed again."""
	site, seen = journey.site, SimpleNamespace()
	site.frappe("uninstall-app", "email_campaigns", "--yes", "--no-backup")
	site.frappe("install-app", "erpnext")
	seen.at = site.step("seed_again", port=journey.server.port)
	seen.output = site.frappe("install-app", "email_campaigns")
	before = len(journey.server.messages)
	seen.done = site.step("do_and_edit", port=journey.server.port, **seen.at)
	seen.own = sorted(mail.recipients[0] for mail in journey.server.messages[before:])
	site.frappe("uninstall-app", "email_campaigns", "--yes", "--no-backup")
	site.frappe("install-app", "email_campaigns")
	seen.ledger = site.step("ledger")
	before = len(journey.server.messages)
	site.step("send", port=journey.server.port, day=8)
	seen.received = sorted(mail.recipients[0] for mail in journey.server.messages[before:])
	return seen


def test_steps_that_were_adopted_or_sent_are_known_after_another_installation(again):
	"""ERPNext has sent step 1, and we step 2, whose days are ahead by now; step 3 is still to come."""
	pam, *group = (f"{who}@erpnext.example" for who in ("pam", "quin", "ray"))
	rows = {(row[0], row[1], row[2]): row[3:5] for row in again.ledger}
	lead, friends = again.at["lead"], again.at["group"]
	assert again.own == sorted([pam, *group])
	# Its template was exchanged: the Comment alone shows it.
	assert rows[lead, 1, ""] == rows[friends, 1, ""] == ["Skipped", NOTED]
	assert rows[lead, 2, pam] == ["Sent", ""]
	assert [rows[friends, 2, email] for email in group] == [["Sent", ""]] * 2
	assert again.received == []


def test_a_step_that_a_communication_names_in_bcc_alone_is_known(again):
	(row,) = [row for row in again.ledger if row[0] == again.at["bcc"] and row[1] == 1]
	assert row[2:5] == ["sue@erpnext.example", "Sent", ""]


def test_the_installation_names_templates_whose_fields_the_members_of_a_group_have_not(again):
	assert "Look through these Email Templates" in again.output
	assert "Again, F: recipients of the type Email Group Member have no field title." in again.output
	assert "A: recipients" not in again.output
