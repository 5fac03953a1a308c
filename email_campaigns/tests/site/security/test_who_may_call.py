"""Who may call which function of the Desk: the table in docs/security.md says what happens."""

from pathlib import Path

import email_campaigns
from email_campaigns.tests.site.kits.api_calls import DESK, call, whitelisted
from email_campaigns.tests.site.kits.api_world import ROLES, World

DOCS = Path(email_campaigns.__file__).parents[1] / "docs" / "security.md"
# The mailing of the test is Complete and has no versions, the other is a Draft, and the list has no feed.
WRONG_STATE = {
	*("ab_versions.choose", "approval.approve", "approval.reject", "mass_email.back_to_draft"),
	*("mass_email.pause", "mass_email.resume", "target_list.run_feed"),
	# The site has no Frappe CRM, or no such Lead.
	"crm.get_activities",
	# No topic asks to be confirmed.
	"webhooks.confirm_topic",
}
WORDS = {True: "yes", False: "no"}


def table() -> dict[str, tuple[str, ...]]:
	"""Return {method: what its line says for each role} of the documentation."""
	rows = [
		[cell.strip() for cell in line.strip("|").split("|")]
		for line in DOCS.read_text("utf-8").splitlines()
		if line.startswith("| `")
	]
	return {row[0].strip("`"): tuple(row[1:]) for row in rows if len(row) == len(ROLES) + 1}


class TestTheTable(World):
	def test_every_function_has_a_line_and_every_line_a_function(self):
		self.assertEqual(set(table()), {name.removeprefix(DESK) for name in whitelisted()})

	def test_every_line_says_what_happens(self):
		documented, wrong, broken = table(), [], []
		for method, arguments in self.calls().items():
			outcomes = {role: call(DESK + method, user, **arguments) for role, user in self.users.items()}
			broken += [f"{method} as {role}: {o}" for role, o in outcomes.items() if o.status >= 500]
			happens = tuple(WORDS[not outcome.is_refused] for outcome in outcomes.values())
			if documented.get(method) != happens:
				wrong.append(f"| `{method}` | {' | '.join(happens)} |")
		self.assertEqual((broken, wrong), ([], []), "\n".join(["", *broken, *wrong]))

	def test_what_a_manager_may_call_works(self):
		"""Else a line would say “yes” of a call that fails for everybody. The others have another state."""
		manager, calls = self.users["Campaign Manager"], self.calls()
		failing = {method for method in calls if call(DESK + method, manager, **calls[method]).status != 200}
		self.assertEqual(failing, WRONG_STATE)
