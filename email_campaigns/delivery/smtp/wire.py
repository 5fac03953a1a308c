"""How addresses and messages are written to an SMTP server; what cannot be written is refused. Pure."""

import re
from unicodedata import normalize

from email_campaigns.delivery.smtp.replies import Refused, Reply
from email_campaigns.message.mime import WireMessage

ADDRESS_LIMIT = 254  # bytes; RFC 5321 §4.5.3.1.3 less the angle brackets
DOMAIN = re.compile(rb"[A-Za-z0-9._:\[\]-]+")
DOTS = re.compile("[.\u3002\uff0e\uff61]")  # RFC 3490 §3.1: these all separate labels
ATEXT = r"-A-Za-z0-9!#$%&'*+/=?^_`{|}~."  # RFC 5322 §3.2.3, and dots wherever people have them
PLAIN = re.compile(
	rf"[{ATEXT}]+@[A-Za-z0-9.-]+"
)  # nearly every address; the others are looked at more closely
LOCAL = re.compile(rf'[{ATEXT}\u0080-\U0010ffff]+|"(?:[^"\\]|\\.)+"')


def encode_mailbox(address: str, stage: str, utf8: bool) -> bytes:
	"""The address as it stands between angle brackets (RFC 5321 §4.1.2, RFC 6531). Raises Refused.

	`stage` (mail or rcpt) goes into the refusal; `utf8` says whether the server offers SMTPUTF8.
	"""
	if PLAIN.fullmatch(address) and len(address) <= ADDRESS_LIMIT:
		return address.encode()
	local, _, domain = address.rpartition("@")
	if not (LOCAL.fullmatch(local) and domain and address.isprintable()) or set(address) & set(" <>"):
		raise _bad_address(stage, "the address has a character that it may not have, or is not whole")
	if not local.isascii() and not utf8:
		words = "the server does not accept addresses with non-ASCII local part"
		raise Refused(stage, Reply(553, "5.6.7", words))
	path = local.encode() + b"@" + _a_labels(domain, stage)
	if len(path) > ADDRESS_LIMIT:
		raise _bad_address(stage, f"the address is longer than {ADDRESS_LIMIT} bytes")
	return path


def dot_stuff(content: bytes) -> bytes:
	"""The message as DATA wants it: CRLF line ends, leading dots doubled, a lone dot at the end (RFC 5321 §4.5.2)."""
	# Nearly every mail: to search it for what it can't hold would cost more than its making
	if type(content) is WireMessage:
		return content + b".\r\n"
	text = b"\r\n".join([*content.splitlines(), b""])  # of bytes: at CRLF, CR and LF, nowhere else
	first = b"." if text.startswith(b".") else b""
	return b"".join((first, text.replace(b"\r\n.", b"\r\n.."), b".\r\n"))


def _a_labels(domain: str, stage: str) -> bytes:
	try:
		ascii_domain = domain.encode() if domain.isascii() else b".".join(map(_a_label, DOTS.split(domain)))
	except UnicodeError:
		raise _bad_address(stage, "the domain of the address is not valid") from None
	# Checked last: IDNA turns full-width characters into plain ones, a bracket or a second @ among them
	if not DOMAIN.fullmatch(ascii_domain):
		raise _bad_address(stage, "the domain of the address is not valid")
	return ascii_domain


def _a_label(label: str) -> bytes:
	# The standard library follows IDNA 2003, which would send mail for straße.example to strasse.example
	if set(label) & set("ßẞς"):
		lowered = "".join(map(str.lower, label))  # one by one: lower() of a word makes its last Σ a ς
		return b"xn--" + normalize("NFKC", lowered).encode("punycode")
	return label.encode("idna")


def _bad_address(stage: str, words: str) -> Refused:
	return Refused(stage, Reply(553, "5.1.7" if stage == "mail" else "5.1.3", words))
