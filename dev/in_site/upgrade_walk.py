"""An upgrade of `dev/bench hosts`: `python upgrade_walk.py SITE fill|kept TESTS`, in the sites folder.

`fill` runs with the code of an earlier version, and `kept` with that of this checkout, after the migration.
TESTS is this checkout's folder of tests: its mail server and its queue serve earlier versions too.
It ends with an AssertionError where something does not hold.
"""

import sys
from contextlib import contextmanager
from importlib import import_module
from itertools import chain

import frappe
from frappe.desk.form.load import getdoc
from frappe.utils import add_days, get_datetime, nowdate

ACCOUNT = "Upgraded"
LIST = "Upgraded List"
PEOPLE = ("ann", "bob", "eve")  # contacts; eve opts out before anything is sent
SENT, LATER, DRAFT = "Sent before", "Planned before", "Drafted before"
FIRST, SECOND = "First step", "Second step"
# The function that starts a mailing, in the places where versions have it, the latest first.
STARTS = (
	"email_campaigns.api.desk.approval.submit",
	"email_campaigns.api.approval.submit",
	"email_campaigns.api.desk.schedule",
)


def fill():
	"""Make lists, mailings and a sequence as people do, and send what is due."""
	with _mail_server() as server:
		contacts = [_insert("Contact", first_name=name, email_ids=_primary(name)) for name in PEOPLE]
		_insert("Target List", title=LIST)
		for contact in contacts:
			_insert("Target List Member", target_list=LIST, member_doctype="Contact", member_name=contact)
		_insert("Target List Member", target_list=LIST, email=_address("dee"))
		_insert("Email Unsubscribe", email=_address("eve"), global_unsubscribe=1)
		_start(_mailing(SENT))
		_mailing(DRAFT)
		_start(_mailing(LATER, start_date=add_days(nowdate(), 30), send_when="Later"), at_once=False)
		first = []
		if frappe.db.exists("DocType", "Email Campaign"):
			_enrol(contacts)
			first = _of(FIRST, "ann", "bob")
		_let_the_scheduler_run()
		received = _received(server)
	assert received == sorted(_of(SENT, "ann", "bob", "dee") + first), received


def kept():
	"""Everything is there, opens, and goes on: nobody gets a mail twice, and nobody misses one."""
	from email_campaigns.api.desk import sent_mail

	statuses = dict(frappe.get_all("Mass Email", fields=["title", "status"], as_list=True))
	assert statuses == {SENT: "Complete", LATER: "Pending", DRAFT: "Draft"}, statuses
	mailing = frappe.get_doc("Mass Email", {"title": SENT})
	assert (mailing.sent_count, mailing.skipped_count) == (3, 1), mailing.as_dict()
	rows = frappe.get_all("Campaign Message", {"source": mailing.name}, ["name", "email", "status"])
	ends = {_address(name): "Sent" for name in ("ann", "bob", "dee")} | {_address("eve"): "Skipped"}
	assert {row.email: row.status for row in rows} == ends, rows
	shown = [sent_mail.show(row.name)["subject"] for row in rows if row.status == "Sent"]
	assert shown == [SENT] * 3, shown
	assert frappe.db.count("Target List Member", {"target_list": LIST}) == 4
	assert frappe.db.count("Campaign Log", {"source": mailing.name, "action": "Sent"}) == 3
	assert frappe.db.exists("Suppressed Email", {"email": _address("eve")})
	_open_forms()
	_go_on()


def _go_on():
	"""Let a month pass: the planned mailing and the second step leave."""
	from email_campaigns.jobs import drip
	from email_campaigns.tests.site.kits.drips import clock
	from email_campaigns.tests.site.kits.queue import work_off

	with _mail_server() as server:
		planned = {"start_epoch": clock(0, 0), "start_date": get_datetime(nowdate())}
		frappe.db.set_value("Mass Email", {"title": LATER}, planned)
		_let_the_scheduler_run()
		drip.plan(clock(2))
		work_off()
		received = _received(server)
	second = _of(SECOND, "ann", "bob") if frappe.db.count("Email Campaign") else []
	assert received == sorted(_of(LATER, "ann", "bob", "dee") + second), received


def _open_forms():
	for doctype in frappe.get_all("DocType", {"module": "Email Campaigns", "istable": 0}, pluck="name"):
		single = frappe.get_meta(doctype).issingle
		for name in [doctype] if single else frappe.get_all(doctype, pluck="name", limit=20):
			frappe.local.response = frappe._dict(docs=[])
			getdoc(doctype, name)


@contextmanager
def _mail_server():
	from email_campaigns.tests.support.smtp_server import ScriptedServer

	with ScriptedServer() as server:
		_account(server.port)
		yield server


def _account(port):
	values = {"email_id": _address("news"), "smtp_server": "127.0.0.1", "smtp_port": port}
	values |= {"enable_outgoing": 1, "no_smtp_authentication": 1}
	if not frappe.db.exists("Email Account", ACCOUNT):
		doc = frappe.new_doc("Email Account")
		doc.update({"email_account_name": ACCOUNT, **values})
		doc.flags.ignore_validate = True
		doc.insert()
	frappe.db.set_value("Email Account", ACCOUNT, values)
	frappe.db.sql("UPDATE `tabEmail Account` SET default_outgoing = (name = %s)", ACCOUNT)
	frappe.clear_document_cache("Email Account", ACCOUNT)
	frappe.db.commit()


def _mailing(subject, **values):
	lists = [{"target_list": LIST}]
	template, campaign = _template(subject), _insert("Campaign", campaign_name=f"Campaign of {subject}")
	values |= {"title": subject, "campaign": campaign, "email_template": template, "target_lists": lists}
	return _insert("Mass Email", **values)


def _enrol(contacts):
	steps = [{"email_template": _template(FIRST), "send_after_days": 0, "send_time": "0:00"}]
	steps.append({"email_template": _template(SECOND), "send_after_days": 2})
	campaign = _insert("Campaign", campaign_name="Sequence", campaign_schedules=steps)
	for contact in contacts:
		values = {"campaign_name": campaign, "email_campaign_for": "Contact", "recipient": contact}
		_insert("Email Campaign", start_date=nowdate(), sender="Administrator", **values)


def _start(name, at_once=True):
	start = next(filter(None, map(_function, STARTS)))
	start(name, **({"at_once": at_once} if start.__name__ == "schedule" else {}))
	frappe.db.commit()


def _function(path):
	module, _dot, name = path.rpartition(".")
	try:
		return getattr(import_module(module), name, None)
	except ImportError:
		return None


def _let_the_scheduler_run():
	from email_campaigns.tests.site.kits.queue import work_off

	events = frappe.get_hooks("scheduler_events", app_name="email_campaigns")
	for method in [*chain.from_iterable(events["cron"].values()), *events["hourly"]]:
		work_off()
		frappe.get_attr(method)()
		frappe.db.commit()
	work_off()


def _template(subject):
	doc = frappe.new_doc("Email Template")
	doc.update({"name": subject, "subject": subject, "use_html": 1})
	doc.response_html = "<p>Hello {{ doc.first_name }}</p>"
	return doc.insert().name


def _insert(doctype, **values):
	name = frappe.get_doc({"doctype": doctype, **values}).insert().name
	frappe.db.commit()
	return name


def _received(server):
	return sorted((str(mail.parsed["Subject"]), mail.recipients[0]) for mail in server.messages)


def _of(subject, *names):
	return [(subject, _address(name)) for name in names]


def _address(name):
	return f"{name}@upgrade.example"


def _primary(name):
	return [{"email_id": _address(name), "is_primary": 1}]


def main(site, name, tests):
	"""Run one part and commit it."""
	import email_campaigns.tests

	email_campaigns.tests.__path__ = [tests]
	frappe.init(site=site)
	frappe.connect()
	frappe.set_user("Administrator")
	globals()[name]()
	frappe.db.commit()
	frappe.destroy()


if __name__ == "__main__":
	main(*sys.argv[1:])
