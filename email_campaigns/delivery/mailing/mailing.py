"""The value objects that one send is made of. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from email_campaigns.audience.decide import PER_ADDRESS

REST = "Rest"
NOW, LATER, OPTIMISED = "Now", "Later", "Optimised"
ONE_LANGUAGE = "One for all"
BY_RATE, SPREAD = "Mails per hour", "Spread over hours"


@dataclass(frozen=True, slots=True)
class MailText:
	"""What those get whose language it is; "" is the version for everybody else. In an A/B test these are several:
	`language` is then the label of one that takes its place."""

	language: str
	subject: str
	html: str


@dataclass(frozen=True, slots=True)
class CcField:
	"""A field of a recipient's record that names who gets a copy; it need not exist any more."""

	doctype: str
	fieldname: str

	@classmethod
	def from_key(cls, key: str) -> CcField:
		doctype, _dot, fieldname = key.rpartition(".")
		return cls(doctype, fieldname)

	@property
	def key(self) -> str:
		return f"{self.doctype}.{self.fieldname}"


@dataclass(frozen=True, slots=True)
class Stream:
	"""What leaves together of drip sequences: one step of a campaign, in the name of one user."""

	campaign: str
	step: int
	sender: str


@dataclass(frozen=True, slots=True)
class Variant:
	"""One version beside the mailing itself, which is version A."""

	label: str
	subject: str
	html: str


@dataclass(frozen=True, slots=True)
class ABTest:
	"""`percent` of the recipients, from 0 to 100, get A or one of `variants`; `winner_by` is one of KINDS or BY_HAND."""

	variants: tuple[Variant, ...]
	percent: float
	winner_by: str
	seed: str

	@property
	def labels(self) -> tuple[str, ...]:
		return ("A", *(variant.label for variant in self.variants))


def ab_label(version: str) -> str:
	"""Return the label that a mail of the ledger is made by, "" for the mailing as it is."""
	label = version.removeprefix(REST).strip()
	return "" if label == "A" else label


@dataclass(frozen=True, slots=True)
class Mailing:
	"""All that a page needs to know of a Mass Email, or of one step of a drip sequence (which has a `stream`);
	addresses are normalised, texts are the user's own.

	`sender_user` is whose permission decides which fields of a record a template may show. `subject` and `html` are
	the version for everybody whose language has none in `versions`. Times (`starts`, `deadline`, `spread_until`) are
	Unix seconds, 0 where there is none; rates are mails an hour, 0 where there is no limit.
	"""

	name: str
	title: str
	campaign: str
	subject: str
	html: str
	sender_user: str
	account: str
	sender_address: str
	sender_name: str
	reply_to: str = ""
	informational: bool = False
	lists: tuple[str, ...] = ()
	excluding: tuple[str, ...] = ()
	duplicate_policy: str = PER_ADDRESS
	doctype: str = "Mass Email"
	prefix: str = ""
	versions: tuple[MailText, ...] = ()
	forced_language: str = ""
	seed_list: str = ""
	holdout_percent: float = 0
	holdout_seed: str = ""
	cc_fields: tuple[CcField, ...] = ()
	optimised: bool = False
	starts: int = 0
	deadline: int = 0
	hourly_rate: int = 0
	domain_rates: tuple[tuple[str, int], ...] = ()
	spread_until: int = 0
	anchor: int = 0
	anchor_left: int = 0
	approval_hash: str = ""
	track_opens: bool = False
	track_links: bool = False
	ab_test: ABTest | None = None
	ab_winner: str = ""
	store_emails: bool = False
	stream: Stream | None = None

	@property
	def step(self) -> int:
		"""The number of a drip sequence's step, 0 for a Mass Email."""
		return self.stream.step if self.stream else 0

	@property
	def editions(self) -> tuple[str, ...]:
		"""The name of each text that is sent: "" for everybody's, a language, or the label of a version in an A/B test."""
		return ("", *(version.language for version in (*self.versions, *self._variants)))

	@property
	def _variants(self) -> tuple[MailText, ...]:
		variants = self.ab_test.variants if self.ab_test else ()
		return tuple(MailText(each.label, each.subject, each.html) for each in variants)

	def version(self, edition: str) -> MailText:
		"""Return the version that one of `editions` names; the one for everybody for any other."""
		return next(
			(version for version in (*self.versions, *self._variants) if version.language == edition),
			MailText("", self.subject, self.html),
		)

	def language_for(self, language: str) -> str:
		"""Return the language of the version that a recipient of `language` gets: "pt-BR" takes "pt" where there is
		no nearer one, "" is the version for everybody."""
		have = {version.language.lower(): version.language for version in self.versions}
		wanted = (self.forced_language or language).lower().replace("_", "-")
		while wanted and wanted not in have:
			wanted = wanted.rpartition("-")[0]
		return have.get(wanted, "")
