"""The values that describe one mailing. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from email_campaigns.audience.decide import PER_ADDRESS

REST = "Rest"
NOW, LATER, OPTIMISED = "Now", "Later", "Optimised"
ONE_LANGUAGE = "One for all"
BY_RATE, SPREAD = "Mails per hour", "Spread over hours"


@dataclass(frozen=True, slots=True)
class MailText:
	"""The text of one edition: subject and HTML as the user wrote them.

	`language` is the language of its recipients, "" for everybody else; in an A/B test it can be a label.
	"""

	language: str
	subject: str
	html: str


@dataclass(frozen=True, slots=True)
class CcField:
	"""A field of a recipient's record that names a person who gets a copy. It may not exist any more."""

	doctype: str
	fieldname: str

	@classmethod
	def from_key(cls, key: str) -> CcField:
		"""Return the field of a key such as "Contact.owner"."""
		doctype, _dot, fieldname = key.rpartition(".")
		return cls(doctype, fieldname)

	@property
	def key(self) -> str:
		"""The doctype and the field's name with a dot between them."""
		return f"{self.doctype}.{self.fieldname}"


@dataclass(frozen=True, slots=True)
class Stream:
	"""The mails of drip sequences that leave together: one step of a campaign, in the name of one user."""

	campaign: str
	step: int
	sender: str


@dataclass(frozen=True, slots=True)
class Variant:
	"""One version of an A/B test beside the mailing itself, which is version A; `label` is B to D."""

	label: str
	subject: str
	html: str


@dataclass(frozen=True, slots=True)
class ABTest:
	"""A test in which `percent` of the recipients, from 0 to 100, get A or one of `variants`.

	`winner_by` is one of KINDS or BY_HAND of mass_mailing/ab_versions.py.
	"""

	variants: tuple[Variant, ...]
	percent: float
	winner_by: str
	seed: str

	@property
	def labels(self) -> tuple[str, ...]:
		"""The labels of all versions, "A" first."""
		return ("A", *(variant.label for variant in self.variants))


def ab_label(version: str) -> str:
	"""Return the label in the version of a mail ("B" in "Rest B"), "" for the mailing itself."""
	label = version.removeprefix(REST).strip()
	return "" if label == "A" else label


@dataclass(frozen=True, slots=True)
class Mailing:
	"""A Mass Email, or one step of a drip sequence (which has a `stream`), with all that sending needs.

	Addresses are normalised, texts are the user's own. The permissions of all `authors` decide which fields
	of a record a template may show; `joined` are those of them who did not answer for the mailing when it was
	prepared. `subject` and `html` are the text for everybody whose language has none
	in `versions`. Times (`starts`, `deadline`, `spread_until`, `anchor`) are Unix seconds, 0 where there is
	none; rates are mails an hour, 0 where there is no limit. `anchor_left` mails were still to leave at
	`anchor`, from which their spread counts. The names of plain links are made from `link_source`.
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
	link_key: str = ""
	authors: tuple[str, ...] = ()
	joined: tuple[str, ...] = ()

	@property
	def link_source(self) -> str:
		"""What the names of plain links are made from: it outlives a renaming of the campaign."""
		return self.link_key or self.name

	@property
	def step(self) -> int:
		"""The number of a drip sequence's step, 0 for a Mass Email."""
		return self.stream.step if self.stream else 0

	@property
	def editions(self) -> tuple[str, ...]:
		"""The name of each text that is sent: "" for everybody, a language, or a label of the A/B test."""
		return ("", *(text.language for text in (*self.versions, *self._variants)))

	@property
	def _variants(self) -> tuple[MailText, ...]:
		variants = self.ab_test.variants if self.ab_test else ()
		return tuple(MailText(variant.label, variant.subject, variant.html) for variant in variants)

	def text(self, edition: str) -> MailText:
		"""Return the text that one of `editions` names, and the one for everybody for any other."""
		return next(
			(text for text in (*self.versions, *self._variants) if text.language == edition),
			MailText("", self.subject, self.html),
		)

	def language_for(self, language: str) -> str:
		"""Return the language of the text that a recipient of `language` gets, "" for the text for everybody.

		"pt-BR" gets "pt" where there is no text in "pt-BR".
		"""
		languages = {text.language.lower(): text.language for text in self.versions}
		wanted = (self.forced_language or language).lower().replace("_", "-")
		while wanted and wanted not in languages:
			wanted = wanted.rpartition("-")[0]
		return languages.get(wanted, "")
