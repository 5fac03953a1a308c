"""Addresses and messages as an SMTP server reads them. An address that cannot be written is Refused. Pure."""

import re
from unicodedata import normalize

from email_campaigns.delivery.smtp.replies import Refused, Reply
from email_campaigns.message.mime.assembly import WireMessage
from email_campaigns.text import Sentence, _lt

ADDRESS_LIMIT = 254  # bytes; RFC 5321 §4.5.3.1.3 less the angle brackets
DOMAIN = re.compile(rb"[A-Za-z0-9._:\[\]-]+")
DOTS = re.compile("[.\u3002\uff0e\uff61]")  # RFC 3490 §3.1: these all separate labels
ATEXT = r"-A-Za-z0-9!#$%&'*+/=?^_`{|}~."  # RFC 5322 §3.2.3, and dots wherever people have them
# Nearly every address is plain; only the others are examined part by part
PLAIN = re.compile(rf"[{ATEXT}]+@[A-Za-z0-9.-]+")
LOCAL = re.compile(rf'[{ATEXT}\u0080-\U0010ffff]+|"(?:[^"\\]|\\.)+"')

BAD_CHARACTER = _lt("the address has a character that it may not have, or is not whole")
TOO_LONG = _lt("the address is longer than {0} bytes")
BAD_DOMAIN = _lt("the domain of the address is not valid")
NO_SMTPUTF8 = _lt("the server does not accept addresses with non-ASCII local part")


def encode_mailbox(address: str, stage: str, utf8: bool) -> bytes:
	"""Return the address as it stands between angle brackets (RFC 5321 §4.1.2, RFC 6531). Raises Refused.

	`stage` (mail or rcpt) goes into the refusal; `utf8` says whether the server offers SMTPUTF8.
	"""
	if PLAIN.fullmatch(address) and len(address) <= ADDRESS_LIMIT:
		return address.encode()
	local, _at, domain = address.rpartition("@")
	if not (LOCAL.fullmatch(local) and domain and address.isprintable()) or set(address) & set(" <>"):
		raise _bad_address(stage, Sentence(BAD_CHARACTER))
	if not local.isascii() and not utf8:
		raise Refused(stage, Reply(553, "5.6.7", Sentence(NO_SMTPUTF8)))
	path = local.encode() + b"@" + _a_labels(domain, stage)
	if len(path) > ADDRESS_LIMIT:
		raise _bad_address(stage, Sentence(TOO_LONG, ADDRESS_LIMIT))
	return path


def dot_stuff(content: bytes) -> bytes:
	"""Return the message for DATA:

	CRLF line ends, doubled leading dots, a final lone dot (RFC 5321 §4.5.2).
	"""
	# Nearly every mail: a search for dots and lone line ends that it can't have would cost too much
	if type(content) is WireMessage:
		return content + b".\r\n"
	text = b"\r\n".join([*content.splitlines(), b""])  # of bytes: at CRLF, CR and LF, nowhere else
	first = b"." if text.startswith(b".") else b""
	return b"".join((first, text.replace(b"\r\n.", b"\r\n.."), b".\r\n"))


def _a_labels(domain: str, stage: str) -> bytes:
	try:
		ascii_domain = domain.encode() if domain.isascii() else b".".join(map(_a_label, DOTS.split(domain)))
	except UnicodeError:
		raise _bad_address(stage, Sentence(BAD_DOMAIN)) from None
	# Checked last: IDNA turns full-width characters into plain ones, a bracket or a second @ among them
	if not DOMAIN.fullmatch(ascii_domain):
		raise _bad_address(stage, Sentence(BAD_DOMAIN))
	return ascii_domain


def _a_label(label: str) -> bytes:
	# The standard library follows IDNA 2003, which would send mail for straße.example to strasse.example
	if set(label) & set("ßẞς"):
		lowered = "".join(map(str.lower, label))  # letter by letter: lower() of a word makes its last Σ a ς
		return b"xn--" + normalize("NFKC", lowered).encode("punycode")
	return label.encode("idna")


def _bad_address(stage: str, reason: Sentence) -> Refused:
	return Refused(stage, Reply(553, "5.1.7" if stage == "mail" else "5.1.3", reason))
