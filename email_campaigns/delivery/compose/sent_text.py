"""All that a mail is made of but its recipient: a text of a mailing, as a value and as canonical JSON. Pure.

Its name is a hash of that JSON, so the same content has the same name, in every job and at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, cast

from email_campaigns.message.compile import MessageSource
from email_campaigns.message.plain_json import load_json, write_json

# To be raised by whoever changes the bytes that a text makes; tests/data/sent_text.eml shows the change.
FORMAT = 2
EARLY = 1  # its mails have lines of encoded words that are longer than RFC 2047 allows
NAME_LENGTH = 32  # hex digits, 128 bits


@dataclass(frozen=True, slots=True)
class LinkTarget:
	"""The target of a name in a template: a Tracking Link.

	`url` is where a link leads that is not tracked, as in a preview and in informational mail; "" for the
	page of the Tracking Link.
	"""

	link: str
	url: str = ""


@dataclass(frozen=True, slots=True)
class SentText:
	"""One edition of a mailing as it is sent. A template shows `mailing`, `title` and `campaign`.

	`links` are the targets of the names that it gives to tracking_url(); `base_url` is the site's address in
	all links. `names_copies` is set where To and Cc name those who get a copy. `format` says how its bytes
	are made. `cfbl_address` is where complaints go by a header, "" for no such header.
	`bounce_sender` is the mailbox for bounces and opt-outs by mail, "" for none.
	"""

	mailing: str
	title: str
	campaign: str
	edition: str
	sender_name: str
	sender_address: str
	reply_to: str
	informational: bool
	names_copies: bool
	base_url: str
	source: MessageSource
	links: Mapping[str, LinkTarget]
	format: int = FORMAT
	cfbl_address: str = ""
	bounce_sender: str = ""

	@property
	def content(self) -> str:
		"""The text as canonical JSON: equal texts have equal JSON, and different ones have not."""
		values = asdict(self)
		# A text without them is the same as before there were such addresses.
		for field in ("cfbl_address", "bounce_sender"):
			if not values[field]:
				del values[field]
		return write_json(values, sort_keys=True)

	@property
	def name(self) -> str:
		"""The first NAME_LENGTH hex digits of the SHA-256 of `content`."""
		return name_of(self.content)


def name_of(content: str) -> str:
	"""Return the name of a text from its canonical JSON."""
	return sha256(content.encode()).hexdigest()[:NAME_LENGTH]


def read_text(content: str) -> SentText:
	"""Return the text of its canonical JSON. Raises ValueError for another format."""
	values = cast(dict[str, Any], load_json(content))
	if values.get("format") not in (EARLY, FORMAT):
		raise ValueError("The text has a format that this version does not know.")
	links = {name: LinkTarget(**target) for name, target in values.pop("links").items()}
	source = MessageSource(**values.pop("source"))
	return SentText(**values, source=source, links=links)
