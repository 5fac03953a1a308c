"""Whatever a server does: a mail is nowhere twice, and what the session claims about it is true."""

from hypothesis import given, settings
from hypothesis import strategies as st

from email_campaigns.tests.smtp_server import (
	ACCEPT,
	DROP,
	KEEP_AND_DROP,
	KEEP_AND_RESET,
	RESET,
	ScriptedServer,
	drop_in_body,
)
from email_campaigns.tests.unit.smtp_kit import hand_over, open_session, received

REPLIES = [
	"450 4.2.0 Later",
	"550 5.1.1 No\n550 5.1.1 Never",
	"421 4.3.2 Bye",
	"554 No",
	b"rubbish\r\n",
]
ENDS = [DROP, RESET]
ANSWER = st.sampled_from([ACCEPT, ACCEPT, ACCEPT, *REPLIES, *ENDS])
CONTENT_ANSWER = ANSWER | st.sampled_from(
	[KEEP_AND_DROP, KEEP_AND_RESET, drop_in_body("552 5.3.4 Too large")]
)
MAILS = 4
SCRIPTS = st.fixed_dictionaries(
	{
		stage: st.dictionaries(st.integers(1, MAILS), answers, max_size=3)
		for stage, answers in (
			("mail", ANSWER),
			("rcpt", ANSWER),
			("data", ANSWER),
			("content", CONTENT_ANSWER),
		)
	}
)


def send_all(script, features) -> tuple[list, list]:
	"""Outcomes of a few mails, with a new session after each lost one, and what the server then has."""
	with ScriptedServer(script, features) as server:
		session, outcomes = open_session(server, 0.3), []
		for number in range(MAILS):
			outcomes.append(hand_over(session, f"r{number}@example.com"))
			if not session.alive:
				session = open_session(server, 0.3)
		session.close()
		kept = received(server)
		assert not server.violations
	return outcomes, kept


@settings(max_examples=60, deadline=None)
@given(SCRIPTS)
def test_claims_are_true_and_pipelining_changes_nothing(script):
	outcomes, kept = send_all(script, ("PIPELINING",))
	assert len(kept) == len(set(kept))
	for number, outcome in enumerate(outcomes):
		in_mailbox = f"r{number}@example.com" in kept
		if outcome[0] == "taken":
			assert in_mailbox
		elif outcome[0] == "refused" or not outcome[2]:
			assert not in_mailbox
	assert send_all(script, ()) == (outcomes, kept)
