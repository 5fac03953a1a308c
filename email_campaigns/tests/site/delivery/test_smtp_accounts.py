"""Unusable accounts, and mailings that meet many faults at once."""

import socket
from unittest.mock import patch

import frappe

from email_campaigns.delivery.smtp import transport
from email_campaigns.tests.site.kits.builders import (
	ACCOUNT,
	a_list,
	a_mailing,
	address,
	addresses,
	change,
	remove_account,
	settings,
)
from email_campaigns.tests.site.kits.failures import FIVE, THIRD, FailureTest
from email_campaigns.tests.support.smtp_server import ACCEPT, DROP, DROP_IN_BODY, HANG, KEEP_AND_DROP


def own_connection():
	return frappe.db.sql("SELECT CONNECTION_ID()")[0][0]


class TestOpening(FailureTest):
	def test_sessions_open_while_others_use_the_jobs_connection(self):
		settings(sessions_per_job=3)
		self.start(self.mailing)
		connect, mine, language, seen = transport.connect, own_connection(), frappe.local.lang, []

		def note(*arguments):
			seen.append((own_connection(), frappe.local.lang))
			return connect(*arguments)

		with patch.object(transport, "connect", note):
			self.go_on()
		self.assertEqual(len(seen), 3)
		self.assertNotIn(mine, [connection for connection, _language in seen])
		self.assertEqual({lang for _connection, lang in seen}, {language})
		self.assertEqual((own_connection(), frappe.session.user), (mine, "Administrator"))
		self.assertSentTo(self.mailing, FIVE)


class TestAccounts(FailureTest):
	def goes_on_after_repair(self, **options):
		self.serve(**options)
		self.resume()
		self.assertEqual(self.form(self.mailing).problem or "", "")
		self.assertSentTo(self.mailing, FIVE)

	def test_a_port_where_nothing_listens(self):
		self.start(self.mailing)
		with socket.socket() as free:
			free.bind(("127.0.0.1", 0))
			change("Email Account", ACCOUNT, smtp_port=free.getsockname()[1])
		self.go_on()
		self.assertHeld(ACCOUNT, "nothing accepts connections")
		self.assertNothingLost(self.mailing)
		self.serve()
		self.goes_on_by_itself()

	def test_a_host_that_is_unknown(self):
		self.start(self.mailing)
		change("Email Account", ACCOUNT, smtp_server="no-such-host.invalid")
		self.go_on()
		self.assertHeld(ACCOUNT)
		self.serve()
		self.goes_on_by_itself()

	def test_a_login_that_fails_for_the_time_being(self):
		self.addCleanup(remove_account)
		self.start(self.mailing)
		self.serve({"auth": "454 4.7.0 Temporary authentication failure"}, logins={"news": "secret"})
		account = frappe.get_doc("Email Account", ACCOUNT)
		account.update({"no_smtp_authentication": 0, "password": "secret"})
		account.flags.ignore_validate = True
		account.save()
		frappe.db.commit()
		self.go_on()
		self.assertHeld(ACCOUNT, "Temporary authentication failure")
		self.serve(logins={address("news"): "secret"})
		self.goes_on_by_itself()

	def test_a_server_that_never_greets(self):
		self.impatient()
		self.send_with({"banner": HANG})
		self.assertHeld(ACCOUNT, "did not answer")
		self.serve()
		self.goes_on_by_itself()

	def test_a_refused_login(self):
		self.addCleanup(remove_account)
		self.start(self.mailing)
		self.serve({"auth": "535 5.7.8 Wrong password"}, logins={"news": "secret"})
		account = frappe.get_doc("Email Account", ACCOUNT)
		account.update({"no_smtp_authentication": 0, "password": "wrong"})
		account.flags.ignore_validate = True
		account.save()
		frappe.db.commit()
		self.go_on()
		self.assertPaused(ACCOUNT, "Wrong password")
		self.assertEqual(self.received(), [])
		self.goes_on_after_repair(logins={address("news"): "wrong"})

	def test_no_password(self):
		self.serve(logins={"news": "secret"})
		change("Email Account", ACCOUNT, no_smtp_authentication=0)
		self.send(self.mailing)
		self.assertPaused("Authentication required")
		self.goes_on_after_repair()

	def test_no_server_name(self):
		self.start(self.mailing)
		change("Email Account", ACCOUNT, smtp_server="")
		self.go_on()
		self.assertPaused(ACCOUNT)
		self.goes_on_after_repair()

	def test_a_refused_sender(self):
		self.send_with({"mail": "550 5.7.1 Sender address rejected: not owned by user"})
		self.assertPaused("not owned by user")
		self.assertEqual(self.statuses(self.mailing), {"Queued": 5})
		self.goes_on_after_repair()

	def test_an_account_disabled_before_it_starts_refuses_the_button(self):
		change("Email Account", ACCOUNT, enable_outgoing=0)
		with self.assertRaisesRegex(frappe.ValidationError, "not enabled for outgoing"):
			self.start(self.mailing)
		self.assertEqual(self.form(self.mailing).status, "Draft")

	def test_an_account_disabled_after_the_button(self):
		self.start(self.mailing)
		change("Email Account", ACCOUNT, enable_outgoing=0)
		self.go_on()
		self.assertPaused(ACCOUNT, "not enabled for outgoing")
		self.goes_on_after_repair()

	def test_an_account_disabled_in_mid_mailing(self):
		self.send_with({"rcpt": {THIRD: ["450 4.2.0 Come back later"]}})
		change("Email Account", ACCOUNT, enable_outgoing=0)
		self.due_again(self.mailing)
		self.go_on()
		self.assertPaused(ACCOUNT, "not enabled for outgoing")

	def test_the_address_of_the_account_is_none(self):
		change("Email Account", ACCOUNT, email_id="not an address")
		with self.assertRaisesRegex(frappe.ValidationError, "no valid address"):
			self.start(self.mailing)


class TestLongWay(FailureTest):
	def test_many_faults_in_one_mailing(self):
		"""Whatever comes, the sum of all ends is what was planned, and nobody gets two."""
		self.impatient(0.3)
		everybody = addresses(40)
		name = a_mailing(a_list(*everybody, title="Sending Long List"))
		self.serve(
			{
				"rcpt": {
					everybody[3]: "550 5.1.1 Unknown user",
					everybody[7]: ["451 4.3.0 Try again"],
					everybody[12]: [HANG],
				},
				"content": {
					everybody[16]: [KEEP_AND_DROP],
					everybody[20]: [DROP_IN_BODY],
					everybody[25]: "554 5.6.0 Refused",
					everybody[30]: [DROP],
				},
				"mail": {35: DROP},
			}
		)
		settings(batch_size=7)
		self.send(name)
		for _round in range(6):
			self.assertNothingLost(name)
			if self.form(name).status == "Complete":
				break
			self.due_again(name)
			self.go_on()
		self.assertEqual(self.form(name).status, "Complete", self.form(name).problem)
		self.assertEqual(self.statuses(name), {"Sent": 35, "Failed": 2, "Uncertain": 3})
		self.assertEqual(set(everybody) - set(self.received()), {everybody[i] for i in (3, 20, 25, 30)})

	def test_a_server_that_takes_one_connection_is_sent_to_over_one(self):
		settings(sessions_per_job=4)
		everybody = addresses(60)
		name = a_mailing(a_list(*everybody, title="Sending Long List"))
		self.start(name)
		self.serve({"banner": [ACCEPT, *["421 4.3.2 Too many connections"] * 20]})
		self.go_on()
		self.assertEqual((self.form(name).status, self.statuses(name)), ("Complete", {"Sent": 60}))
		self.assertEqual(self.received(), everybody)

	def test_the_same_over_several_sessions(self):
		settings(sessions_per_job=4, batch_size=50)
		everybody = addresses(60)
		name = a_mailing(a_list(*everybody, title="Sending Long List"))
		self.serve({"content": {everybody[i]: [KEEP_AND_DROP] for i in (10, 30, 50)}})
		self.send(name)
		self.assertEqual(self.statuses(name), {"Sent": 57, "Uncertain": 3})
		self.assertEqual(self.received(), everybody)
		self.assertNothingLost(name)
