"""Header values that are safe to write: addresses, encoded words, unsubscribe headers, folded lines.

RFC 5322 (messages), RFC 2047 (encoded words), RFC 5890 and 6532 (internationalised domains and local parts).
"""

import re
from binascii import b2a_base64
from functools import lru_cache

import idna

from email_campaigns.characters import blank_character
from email_campaigns.message.errors import HeaderError
from email_campaigns.text import Sentence, _lt

__all__ = [
	"HeaderError",
	"complaint_headers",
	"encode_address",
	"encode_text",
	"header_line",
	"header_text",
	"unsubscribe_headers",
]

LINE = 78  # RFC 5322 2.1.1: the length that a line should not exceed
LONGEST_LINE = 998  # and the one that it must not
ENCODED_LINE = 76  # of a header with encoded words, and 75 for such a word (RFC 2047 2)
# Characters: the most that Exchange takes (Exchange Online limits, "Subject length limit") and Outlook shows.
# No line of it can reach LONGEST_LINE.
LONGEST_SUBJECT = 255
WORD_BEGIN, WORD_END = "=?utf-8?b?", "?="
SUBJECT, ADDRESSES = len("Subject: "), len("Reply-To: ")  # the longest name of a header with addresses
NAME = re.compile(r"[!-9;-~]+\Z")
PLAIN_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=^_`{|}~ -]+\Z")
ATOMS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
LOCAL_PART = re.compile(rf'(?:{ATOMS}(?:\.{ATOMS})*|"(?:[^"\\]|\\.)*")\Z')
DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\Z")
LINE_ENDS = "\r\n\u2028\u2029"
# Controls of ASCII and Latin 1, line separators, and halves of characters, which no encoding can write
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# The fields that errors name
ADDRESS, DISPLAY_NAME = Sentence(_lt("The address")), Sentence(_lt("The name"))
UNSUBSCRIBE_LINK = Sentence(_lt("The unsubscribe link"))


def header_text(value: str, field: str | Sentence) -> str:
	"""Return the value as it is.

	Raises HeaderError, naming `field`, for line ends and other control characters.
	"""
	if value.isascii() and value.isprintable():  # nearly every value, and quicker than the search
		return value
	unsafe = UNSAFE.search(value)
	if not unsafe:
		return value
	if unsafe[0] in LINE_ENDS:
		raise HeaderError(_lt("{0} holds a line break, which could forge a header."), field)
	raise HeaderError(_lt("{0} holds a control character ({1})."), field, f"U+{ord(unsafe[0]):04X}")


def encode_text(value: str, before: int = SUBJECT) -> str:
	"""Return text for a header such as Subject: as it is in ASCII, else in encoded words (RFC 2047).

	`before` are the characters that stand before it on its first line; “Subject: ” has nine.
	"""
	plain = value.isascii() and "=?" not in value and "  " not in value and value == value.strip()
	if plain and (len(value) < LINE or max(map(len, value.split(" "))) < LONGEST_LINE - LINE):
		return value
	return " ".join(_encoded_words(value, before))


def _encoded_words(value: str, before: int) -> list[str]:
	"""Return encoded words, none of which cuts a character in two."""
	data, begin = value.encode(), 0
	words: list[str] = []
	while begin < len(data):
		end = min(begin + _room(1 if words else before), len(data))
		while end < len(data) and data[end] & 0xC0 == 0x80:  # a byte within a character
			end -= 1
		words.append(f"{WORD_BEGIN}{b2a_base64(data[begin:end], newline=False).decode()}{WORD_END}")
		begin = end
	return words


def _room(before: int) -> int:
	"""Return how many bytes an encoded word holds after `before` characters of its line."""
	base64 = ENCODED_LINE - before - len(WORD_BEGIN) - len(WORD_END)
	return max(base64 // 4 * 3, 4)  # a character takes up to four


def encode_address(display_name: str, address: str, before: int = ADDRESSES) -> str:
	"""Return `Name <local@domain>` for From, To, Cc and Reply-To, the name quoted or encoded as it needs.

	`before` are the characters before it on its first line, at most those of “Reply-To: ”.
	A domain in another script becomes its A-labels; a local part in another script stays, so the mail needs
	SMTPUTF8. Raises HeaderError for a value that is no address.
	"""
	address = _encode_domain(header_text(address.strip(), ADDRESS))
	name = " ".join(header_text(display_name, DISPLAY_NAME).split())
	if not name:
		return address
	if PLAIN_PHRASE.match(name):
		return f"{name} <{address}>"
	if not name.isascii() or "=?" in name:
		return f"{' '.join(_encoded_words(name, before))} <{address}>"
	escaped = name.replace("\\", "\\\\").replace('"', '\\"')
	return f'"{escaped}" <{address}>'


def _encode_domain(address: str) -> str:
	local, at, domain = address.rpartition("@")
	# RFC 2047, section 5: an encoded word is not allowed in an address. Mail programs decode it all the same,
	# also within quotes, and would show another address than the one that gets the mail.
	if not at or not LOCAL_PART.match(local) or "=?" in local or blank_character(local):
		raise HeaderError(_lt("“{0}” is not an email address."), address[:200])
	try:
		return f"{local}@{_a_labels(domain)}"
	except UnicodeError:
		raise HeaderError(_lt("“{0}” has a domain that does not exist."), address[:200]) from None


@lru_cache(maxsize=4096)
def _a_labels(domain: str) -> str:
	if DOMAIN.match(domain) and ".." not in domain:
		return domain
	if domain.isascii():
		raise UnicodeError(domain)
	return idna.encode(domain, uts46=True).decode()


def unsubscribe_headers(url: str, mailto: str = "") -> dict[str, str]:
	"""Return List-Unsubscribe (RFC 2369) and List-Unsubscribe-Post (RFC 8058) for one click.

	`mailto` is an address or a mailto: URL. RFC 8058 asks for an https URL; others are written all the same.
	Raises HeaderError for a URL that cannot stand between angle brackets.
	"""
	targets = [url]
	if mailto:
		targets.append(mailto if mailto.startswith("mailto:") else f"mailto:{mailto}")
	for target in targets:
		if re.search(r"[\s<>,]", header_text(target, UNSUBSCRIBE_LINK)) or not target.isascii():
			raise HeaderError(_lt("The unsubscribe link holds a character that a URL cannot have."))
	value = ", ".join(f"<{target}>" for target in targets)
	return {"List-Unsubscribe": value, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def complaint_headers(address: str) -> dict[str, str]:
	"""Return CFBL-Address (RFC 9477, section 3.1), by which a provider sends complaints as ARF; {} for "".

	Raises HeaderError for a text that is no address.
	"""
	return {"CFBL-Address": f"{encode_address('', address)}; report=arf"} if address else {}


def header_line(name: str, value: str, encoded_line: int = ENCODED_LINE) -> str:
	"""Return `Name: value` with CRLF, folded at spaces where it is longer than 78 characters.

	With encoded words no line is longer than `encoded_line`. `value` is encoded already. Raises HeaderError
	for a name or value that would not be one header, or a line above 998 characters.
	"""
	if not NAME.match(name):
		raise HeaderError(_lt("“{0}” is not the name of a header."), name[:80])
	line = f"{name}: {header_text(value, name)}"
	longest = encoded_line if "=?" in value else LINE
	if len(line) > longest:
		line = _fold(line, longest)
	return line + "\r\n"


def _fold(line: str, longest: int) -> str:
	"""Break a line before spaces, but not after the name, where some parsers would see an empty value."""
	name, _, value = line.partition(": ")
	first, *words = value.split(" ")
	lines = [f"{name}: {first}"]
	for word in words:
		if len(lines[-1]) + 1 + len(word) > longest:
			lines.append("")
		lines[-1] += " " + word
	if max(len(line.encode()) for line in lines) > LONGEST_LINE:
		raise HeaderError(_lt("{0} is longer than a header may be."), name)
	return "\r\n".join(lines)
