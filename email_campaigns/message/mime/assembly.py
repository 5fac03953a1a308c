"""Assembly of rendered parts into the bytes of a message, at the speed of the C library.

The standard library builds one message for a mailing; each recipient's message is a copy of it with other
texts in its slots. MIME: RFC 2045 and 2046; lines of a message: RFC 5322.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

from email_campaigns.message.errors import HeaderError
from email_campaigns.message.mime.headers import ENCODED_LINE, LINE, encode_text, header_line, header_text
from email_campaigns.message.mime.quoted import PiecedText, quoted_printable
from email_campaigns.text import Sentence, _lt

KIND = re.compile(r"(?!multipart/|message/)[\w!#$&^.+-]+/[\w!#$&^.+-]+\Z", re.ASCII)
TEXT_SLOT, HTML_SLOT = "slot-of-the-text", "slot-of-the-html"
ATTACHMENT_NAME = Sentence(_lt("The name of an attachment"))


@dataclass(frozen=True)
class Attachment:
	"""A file that goes with every mail of a mailing. `content_type` as in MIME, such as application/pdf."""

	filename: str
	content: bytes
	content_type: str = "application/octet-stream"


class WireMessage(bytes):
	"""A message that SMTP can send unchanged (RFC 5321 4.5.2).

	Each line ends in CRLF, the last one too; it holds no other CR or LF, and no line starts with a dot.
	"""


class Skeleton:
	"""The parts that all mails of a mailing share: sender, fixed headers, structure and attachments.

	`sender` and `reply_to` are encoded (encode_address); `headers` are plain texts. Raises HeaderError. The
	mails are multipart/alternative, the text first (RFC 2046 5.1.4), within multipart/mixed where there are
	attachments. `early` folds headers as mails before format 2 of their texts have them (sent_text.FORMAT).
	"""

	def __init__(
		self,
		*,
		sender: str,
		reply_to: str = "",
		headers: Mapping[str, str] | None = None,
		attachments: Sequence[Attachment] = (),
		early: bool = False,
	):
		self._early = early
		longest = LINE if early else ENCODED_LINE
		fixed = header_line("From", sender, longest)
		fixed += header_line("Reply-To", reply_to, longest) if reply_to else ""
		fixed += "".join(self._header(name, value) for name, value in (headers or {}).items())
		before, rest = _structure(attachments).as_bytes().split(TEXT_SLOT.encode() + b"\r\n")
		between, after = rest.split(HTML_SLOT.encode() + b"\r\n")
		self._head = fixed.encode() + before
		self._between, self._after = between, after

	def assemble(  # noqa: PLR0913, each is a header or a body of the mail
		self,
		*,
		to: str,
		subject: str,
		html: str | PiecedText,
		text: str | PiecedText,
		message_id: str,
		date: str,
		cc: str = "",
		headers: Mapping[str, str] | None = None,
	) -> WireMessage:
		"""Return the message: CRLF line ends, bodies in 7 bits, lines of at most 76 characters.

		`to` and `cc` are encoded, `subject` and `headers` plain texts, `message_id` has its angle brackets,
		`date` is in the form of RFC 5322. Every line end in a body becomes CRLF. Raises HeaderError.
		"""
		own = header_line("To", to) + (header_line("Cc", cc) if cc else "")
		own += self._header("Subject", subject)
		own += header_line("Message-ID", message_id) + header_line("Date", date)
		if headers:
			own += "".join(self._header(name, value) for name, value in headers.items())
		parts = (
			own.encode(),
			self._head,
			quoted_printable(text),
			self._between,
			quoted_printable(html),
			self._after,
		)
		return WireMessage(b"".join(parts))

	def _header(self, name: str, value: str) -> str:
		text = header_text(value, name)
		if self._early:
			return header_line(name, encode_text(text, 1), LINE)
		return header_line(name, encode_text(text, len(name) + 2))


def _structure(attachments: Sequence[Attachment]) -> EmailMessage:
	message = EmailMessage(SMTP)
	message.set_content(TEXT_SLOT, cte="quoted-printable")
	message.add_alternative(HTML_SLOT, subtype="html", cte="quoted-printable")
	for attachment in attachments:
		main, _, sub = attachment.content_type.partition("/")
		header_text(attachment.filename, ATTACHMENT_NAME)
		if not KIND.match(attachment.content_type):
			content_type = attachment.content_type[:80]
			raise HeaderError(_lt("“{0}” is not a kind of file that can be attached."), content_type)
		message.add_attachment(attachment.content, main, sub, filename=attachment.filename)
	_set_boundaries(message)
	return message


def _set_boundaries(message: EmailMessage) -> None:
	"""Set boundaries that no body holds: “=_” is in neither quoted-printable nor base64 (RFC 2045 6.7)."""
	for number, part in enumerate(message.walk()):
		if part.is_multipart():
			part.set_boundary(f"=_{sha256(b'email_campaigns').hexdigest()[:16]}_{number}")
