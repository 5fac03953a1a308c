"""Whatever a server does: no mail arrives twice, and what the session says about a mail is true."""

from hypothesis import given, settings
from hypothesis import strategies as st

from email_campaigns.tests.support.smtp_server import (
	ACCEPT,
	DROP,
	KEEP_AND_DROP,
	KEEP_AND_RESET,
	RESET,
	ScriptedServer,
	drop_in_body,
)
from email_campaigns.tests.unit.delivery.smtp.smtp_kit import hand_over, open_session, received

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
MAILS = [f"r{number}@example.com" for number in range(4)]  # each its own sender, so that every stage knows it
SCRIPTS = st.fixed_dictionaries(
	{
		stage: st.dictionaries(st.sampled_from(MAILS), answers, max_size=3)
		for stage, answers in (
			("mail", ANSWER),
			("rcpt", ANSWER),
			("data", ANSWER),
			("content", CONTENT_ANSWER),
		)
	}
)


def send_all(script, features, ahead=False) -> tuple[list, list]:
	"""Return the outcomes of a few mails, with a new session after each lost one, and the server's mails."""
	with ScriptedServer(script, features) as server:
		session, outcomes = open_session(server, 0.3), []
		for mail, following in zip(MAILS, [*MAILS[1:], ""], strict=True):
			announced = (following, following) if ahead and following else None
			outcomes.append(hand_over(session, mail, sender=mail, following=announced))
			if not session.alive:
				session = open_session(server, 0.3)
		session.close()
		arrived = received(server)
		assert not server.violations
	return outcomes, arrived


@settings(max_examples=60)
@given(SCRIPTS)
def test_claims_are_true_and_neither_pipelining_nor_looking_ahead_changes_anything(script):
	outcomes, arrived = send_all(script, ("PIPELINING",))
	assert len(arrived) == len(set(arrived))
	for mail, outcome in zip(MAILS, outcomes, strict=True):
		if outcome[0] == "taken":
			assert mail in arrived
		elif outcome[0] == "refused" or not outcome[2]:
			assert mail not in arrived
	assert send_all(script, ()) == (outcomes, arrived)
	assert send_all(script, ("PIPELINING",), ahead=True) == (outcomes, arrived)
