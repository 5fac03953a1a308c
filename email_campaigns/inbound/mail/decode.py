"""Bytes of a mail to text, whatever charset and transfer encoding they claim to have. Pure; never raises."""

import binascii
import codecs
import re

from turbohtml import parse

# Codecs of Python that are no charsets of mail: they raise, cost quadratic time, or run escapes
_NO_CHARSETS = frozenset(
	{"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "charmap"}
)
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_WORD = re.compile(r"=\?([^?\s]{1,75})\?([bBqQ])\?([^?\r\n]*)\?=")
_BETWEEN_WORDS = re.compile(r"\?=\s+=\?")


def decode_transfer(body: bytes, encoding: str) -> bytes:
	"""Return the content of a body by its Content-Transfer-Encoding; a body that lies about it stays."""
	name = encoding.strip().strip('"').lower()
	if name == "base64":
		return _from_base64(body)
	return binascii.a2b_qp(body) if name == "quoted-printable" else body


def decode_charset(content: bytes, charset: str) -> str:
	"""Return the text of some bytes by their charset, or else by UTF-8, or else by Windows-1252."""
	if b"\x1b$" in content:
		charset = "iso2022_jp"  # its escapes are in no other text; servers in Japan often do not name it
	for name in (charset, "utf-8"):
		try:
			if codecs.lookup(name).name.replace("-", "_") not in _NO_CHARSETS:
				return content.decode(name, "strict" if name == "utf-8" else "replace")
		except (
			LookupError,
			ValueError,
			TypeError,
		):  # UnicodeError is a ValueError, a NUL in the name as well
			continue
	return content.decode("cp1252", "replace")


def decode_words(value: str) -> str:
	"""Return the value of a field with its encoded words (RFC 2047) decoded."""
	if "=?" not in value:
		return value
	return _WORD.sub(_decode_word, _BETWEEN_WORDS.sub("?==?", value))


def text_of_html(html: str) -> str:
	"""Return what a page shows, in its lines."""
	return parse(html).to_text().replace("\xa0", " ")


def _from_base64(body: bytes) -> bytes:
	digits = body.partition(b"=")[0].translate(None, _NOT_BASE64)
	if len(digits) * 4 < len(body.partition(b"=")[0]) * 3:
		return body  # words with blanks between them
	digits = digits[: len(digits) // 4 * 4] if len(digits) % 4 == 1 else digits
	try:
		return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))
	except binascii.Error:
		return body


def _decode_word(match: re.Match[str]) -> str:
	charset, encoding, text = match.groups()
	raw = text.encode("utf-8", "surrogateescape")
	content = _from_base64(raw) if encoding in "bB" else binascii.a2b_qp(raw, header=True)
	return decode_charset(content, charset.partition("*")[0])
