"""Who may call which function of the Desk: the table in docs/security.md says what happens."""

from pathlib import Path

import email_campaigns
from email_campaigns.tests.site.kits.api_calls import DESK, call, whitelisted
from email_campaigns.tests.site.kits.api_world import ROLES, World

DOCS = Path(email_campaigns.__file__).parents[1] / "docs" / "security.md"
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
		wrong = []
		documented = table()
		for method, arguments in self.calls().items():
			outcomes = {role: call(DESK + method, user, **arguments) for role, user in self.users.items()}
			for role, outcome in outcomes.items():
				self.assertLess(outcome.status, 500, f"{method} as {role}: {outcome}")
			happens = tuple(WORDS[not outcome.is_refused] for outcome in outcomes.values())
			if documented.get(method) != happens:
				wrong.append(f"| `{method}` | {' | '.join(happens)} |")
		self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

	def test_a_manager_s_calls_work_or_say_why_not(self):
		"""So that a line does not say “yes” for a call which fails for anybody."""
		for method, arguments in self.calls().items():
			with self.subTest(method):
				outcome = call(DESK + method, self.users["Campaign Manager"], **arguments)
				self.assertTrue(outcome.status == 200 or outcome.said, outcome)
