"""The encoding of an uploaded text file, guessed from its bytes and the language of its reader. Pure.

Spreadsheets write UTF-8, UTF-16, or the code page of the system. Detectors guess code pages by frequencies of
letters, which a list of names has too few of: charset-normalizer reads short French as Windows-1250 and
Spanish as Big5. So it is asked only about text in which letters beyond ASCII are frequent; other text has
the code page that a spreadsheet in the reader's language writes. The dialog shows the guess, and whoever
imports may choose another.
"""

from __future__ import annotations

import codecs
import re
from functools import partial
from typing import BinaryIO

from charset_normalizer import from_bytes

from email_campaigns.audience.lists.rows import UnusableFile
from email_campaigns.text import _lt

UTF_8, UTF_16, WESTERN, MACINTOSH = "utf-8-sig", "utf-16", "cp1252", "mac_roman"
# {Python's name of an encoding: what people call it}
ENCODINGS = {
	UTF_8: "UTF-8",
	UTF_16: "UTF-16",
	"utf-16-le": "UTF-16 LE",
	"utf-16-be": "UTF-16 BE",
	WESTERN: "Windows-1252 (Western Europe)",
	"cp1250": "Windows-1250 (Central Europe)",
	"cp1251": "Windows-1251 (Cyrillic)",
	"cp1253": "Windows-1253 (Greek)",
	"cp1254": "Windows-1254 (Turkish)",
	"cp1255": "Windows-1255 (Hebrew)",
	"cp1256": "Windows-1256 (Arabic)",
	"cp1257": "Windows-1257 (Baltic)",
	MACINTOSH: "Macintosh (Western Europe)",
	"cp850": "DOS 850 (Western Europe)",
	"cp932": "Shift JIS (Japanese)",
	"gb18030": "GB 18030 (Chinese)",
	"big5": "Big5 (Chinese, traditional)",
	"cp949": "Korean",
}
_BY_LANGUAGE = {
	"cp1250": ("bs", "cs", "hr", "hu", "pl", "ro", "sk", "sl"),
	"cp1251": ("bg", "mk", "mn", "ru", "sr", "uk"),
	"cp1253": ("el",),
	"cp1254": ("az", "tr"),
	"cp1255": ("he",),
	"cp1256": ("ar", "fa", "ur"),
	"cp1257": ("et", "lt", "lv"),
	"cp932": ("ja",),
	"big5": ("zh-tw",),
	"gb18030": ("zh",),
	"cp949": ("ko",),
}
_MARKS = {codecs.BOM_UTF8: UTF_8, codecs.BOM_UTF16_LE: UTF_16, codecs.BOM_UTF16_BE: UTF_16}
_SAMPLE = 65_536  # bytes
_MOSTLY = 0.4
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
_FREQUENT = 0.2  # share of bytes beyond ASCII from which on the letters are not Latin
_TYPOS = 5  # so many good characters outweigh one that is not UTF-8


def guess_encoding(stream: BinaryIO, language: str = "") -> str:
	"""Return the likeliest of ENCODINGS; `language` is a code such as "fr" or "zh-TW".

	Raises UnusableFile for a file that is no text.
	"""
	stream.seek(0)
	start = stream.read(_SAMPLE)
	if encoding := next((name for mark, name in _MARKS.items() if start.startswith(mark)), ""):
		return encoding
	if b"\0" in start:
		return _guess_wide(start)
	stream.seek(0)
	if _is_utf8(stream):
		return UTF_8
	return _guess_code_page(start, language.lower().replace("_", "-"))


def _guess_wide(start: bytes) -> str:
	"""Return the kind of UTF-16 by the bytes that are zero in Latin letters, separators and addresses."""
	for encoding, zeros, others in (
		("utf-16-le", start[1::2], start[::2]),
		("utf-16-be", start[::2], start[1::2]),
	):
		text = start.decode(encoding, "ignore")
		if zeros.count(0) > len(zeros) * _MOSTLY and 0 not in others and not _CONTROL.search(text):
			return encoding
	raise UnusableFile(_lt("The file is no text. Save it as “CSV UTF-8” or as .xlsx, and import it again."))


def _is_utf8(stream: BinaryIO) -> bool:
	"""Tell whether a whole stream is UTF-8 but for few characters, with a bounded part of it in memory."""
	decoder = codecs.getincrementaldecoder("utf-8")("replace")
	good = broken = 0
	for chunk in iter(partial(stream.read, _SAMPLE), b""):
		text = decoder.decode(chunk)
		if not text.isascii():
			faults = text.count("\ufffd")
			broken += faults
			good += len(text) - len(text.encode("ascii", "ignore")) - faults
	broken += len(decoder.decode(b"", True))
	return good >= broken * _TYPOS


def _guess_code_page(start: bytes, language: str) -> str:
	if b"\r" in start and b"\n" not in start:
		return MACINTOSH  # a Macintosh wrote lines so when it had code pages
	codes = (language, language.partition("-")[0])
	pages = (page for code in codes for page, languages in _BY_LANGUAGE.items() if code in languages)
	if page := next(pages, ""):
		return page
	beyond = sum(byte > 127 for byte in start)
	return _detect(start) if beyond > len(start) * _FREQUENT else WESTERN


def _detect(start: bytes) -> str:
	known = [name for name in ENCODINGS if not name.startswith("utf")]
	best = from_bytes(start, cp_isolation=known).best()
	return best.encoding if best and best.encoding in ENCODINGS else WESTERN
