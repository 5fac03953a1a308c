"""The promise of the send loop, held against random servers and deaths: never twice, never lost."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from email_campaigns.delivery.sending.send_loop import SendLoop
from email_campaigns.tests.support.fakes import SENDER, Killed, Ledger, MemoryJournal, MemoryServer

STAGES = ("rcpt", "content")
ENDS = {"Sent", "Failed", "Skipped", "Uncertain"}

refusals = st.tuples(st.just("refuse"), st.sampled_from(STAGES), st.sampled_from((421, 450, 452, 550, 554)))
early = st.tuples(st.sampled_from(("lose", "die")), st.just("rcpt"))
late = st.tuples(st.sampled_from(("lose", "die")), st.just("content"), st.booleans())
unwritable = st.just(("refuse", "propose", 553))
servers = st.lists(st.none() | unwritable | refusals | early | late, max_size=12).map(
	lambda answers: {number: answer for number, answer in enumerate(answers, 1) if answer}
)
deaths = st.none() | st.integers(0, 25)


def run_batch(ledger, server, token, dies_at):
	"""Claim, send and settle as one job, which may die at any write or answer; tell whether it died."""
	writes = iter(range(10_000))
	journal = MemoryJournal(ledger, token, dies=lambda: next(writes) == dies_at)
	loop = SendLoop(SENDER, journal, server.connect, max_attempts=4, clock=lambda: 0, deadline=1)
	try:
		loop.run(ledger.claim(token))
	except Killed:
		return True
	ledger.settle(token)
	loop.close()
	return False


@settings(max_examples=300)
@given(
	st.lists(st.tuples(servers, deaths), min_size=1, max_size=6),
	st.integers(1, 12),
	st.sets(st.integers(1, 12), max_size=3),
	st.booleans(),
)
def test_never_twice_and_never_lost(jobs, number, suppressed, pipelining):
	emails = [f"p{index}@example.org" for index in range(1, number + 1)]
	ledger, delivered, killed = Ledger(emails), [], 0
	ledger.suppressed = {f"p{index}@example.org" for index in suppressed}
	lost_answers = 0
	for turn, (script, dies_at) in enumerate([*jobs, *[({}, None)] * 4]):
		server = MemoryServer(script, ledger, pipelining=pipelining)
		killed += run_batch(ledger, server, f"batch {turn}", dies_at)
		lost_answers += sum(answer[:2] == ("lose", "content") for answer in script.values())
		delivered += server.delivered
		ledger.recover()
	assert [email for email, times in Counter(delivered).items() if times > 1] == []
	assert {row.status for row in ledger.rows.values()} <= ENDS
	for row in ledger.rows.values():
		if row.status == "Sent":
			assert row.email in delivered, f"{row} counts as sent and never arrived"
		if row.status in ("Failed", "Skipped"):
			assert row.email not in delivered, f"{row} arrived all the same"
			assert row.reason
	# A session leaves at most one doubt: by its death, or by an answer that never came
	assert ledger.statuses()["Uncertain"] <= killed + lost_answers
	assert not ledger.suppressed & set(delivered)
