"""The mail server restarts, stalls, closes and refuses in mid-send."""

from email_campaigns.tests.site.kits.builders import a_list, a_mailing
from email_campaigns.tests.site.kits.faults import MAILS, FaultTest
from email_campaigns.tests.support.smtp_server import (
	DROP,
	DROP_IN_BODY,
	KEEP_AND_DROP,
	KEEP_AND_HANG,
	KEEP_AND_RESET,
	RESET,
	RESET_IN_BODY,
	Slow,
)

# Each with the number of mails that it puts in doubt. In the body of so short a mail the client has sent all.
BREAKS = [
	*(("mail", DROP, 0), ("rcpt", RESET, 0), ("data", DROP, 0)),
	*(("content", answer, 1) for answer in (DROP, RESET, DROP_IN_BODY, RESET_IN_BODY)),
	*(("content", answer, 1) for answer in (KEEP_AND_DROP, KEEP_AND_RESET)),
	*((stage, "421 4.3.2 Service shutting down", 0) for stage in ("mail", "rcpt", "data", "content")),
	*((stage, "451 4.3.0 Try again later", 0) for stage in ("mail", "rcpt", "data", "content")),
]


class TestFailingSMTPServer(FaultTest):
	script = {"data": Slow(0.01)}

	def begin_with(self, **script):
		"""Start the mailing, whose check list sees a server in order; the workers meet one with a script."""
		name = self.start(a_mailing(a_list(*self.members)))
		self.serve({**self.script, **script})
		self.run_workers(self.JOBS)
		self.replace_jobs()
		return name

	def restart(self):
		"""Stop the server, which breaks all connections, and start it again on its port."""
		self.doubts += self.JOBS * self.SESSIONS
		self.server.stop()
		self.serve(self.script, port=self.server.port)

	def test_restarts(self):
		name = self.begin_with()
		for _restart in range(3):
			self.send_some()
			self.restart()
			self.replace_jobs()
		self.wait_for_idle_workers()
		self.recover(name)
		self.prove(name)

	def test_stalls_after_a_final_dot_until_it_restarts(self):
		name = self.begin_with(content={self.random.randint(5, MAILS // 2): KEEP_AND_HANG})
		# Its session may have proposed another mail already, which waits behind it.
		self.wait_until(lambda: self.statuses(name).get("Sent", 0) >= MAILS - 2)
		self.assertEqual(self.statuses(name).get("Sending"), 1)
		self.restart()
		self.wait_for_idle_workers()
		self.doubts = 1
		self.recover(name)
		self.prove(name)

	def test_closes_after_so_many_mails(self):
		name = self.begin_with(mail=dict.fromkeys(range(10, MAILS, 10), DROP))
		self.wait_for_idle_workers()
		self.recover(name)
		self.prove(name)

	def test_answers_421_after_so_many_mails(self):
		limit = "421 4.7.0 Too many messages in this session"
		name = self.begin_with(mail=dict.fromkeys(range(10, MAILS, 10), limit))
		self.wait_for_idle_workers()
		self.recover(name)
		self.prove(name)

	def test_breaks_off_at_random_mails(self):
		script = {"mail": {}, "rcpt": {}, "data": {}, "content": {}}
		for number in self.random.sample(range(5, MAILS), 20):
			stage, answer, doubts = self.random.choice(BREAKS)
			script[stage][number] = answer
			self.doubts += doubts
		name = self.begin_with(**script)
		self.wait_for_idle_workers()
		self.recover(name)
		self.prove(name)
