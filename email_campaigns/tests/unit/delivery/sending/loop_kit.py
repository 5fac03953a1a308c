"""A send loop between a ledger and a server in memory."""

from email_campaigns.delivery.sending.send_loop import SendLoop
from email_campaigns.tests.support.fakes import SENDER, Ledger, MemoryJournal, MemoryServer

FIVE = [f"p{number}@example.org" for number in range(1, 6)]


class Bench:
	"""A ledger of five mails, a server with a script, and a send loop between them."""

	def __init__(self, script=None, emails=FIVE, *, journal=None, clock=lambda: 0, **options):
		self.ledger = Ledger(emails)
		self.server = MemoryServer(script, self.ledger, pipelining=options.pop("pipelining", True))
		self.journal = journal(self.ledger) if journal else MemoryJournal(self.ledger)
		options = {"max_attempts": 5, "deadline": 100, **options}
		connect = options.pop("connect", self.server.connect)
		self.loop = SendLoop(SENDER, self.journal, connect, clock=clock, **options)

	def run(self):
		self.tally = self.loop.run(self.ledger.claim("batch"))
		self.ledger.settle("batch")
		return self

	def states(self):
		return [row.status for row in self.ledger.rows.values()]

	def row(self, number):
		return self.ledger.rows[number]
