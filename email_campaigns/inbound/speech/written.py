"""What the sender of a mail wrote: without quotes, and without the signature after “-- ”. Pure; never raises.

mail-parser-reply does the same and takes minutes for some 10,000 line ends; here each line is looked at once.
"""

from __future__ import annotations

import re

from turbohtml import parse

from email_campaigns.inbound.mail.message import IncomingMail, Part
from email_campaigns.inbound.speech.quote_words import (
	FIELDS,
	FORWARDED,
	FROM,
	ON,
	ORIGINAL_MESSAGE,
	REPLY_ABOVE,
	SENT_FROM,
	WROTE,
)

LINES = 5000  # nobody writes more
LINE = 400  # characters of a line that are looked at
_LINES_OF_ATTRIBUTION = 3
_LINES_OF_HEADER = 7


def _any(words: tuple[str, ...]) -> str:
	return f"(?:{'|'.join(words)})"


_HIDDEN = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad\x00-\x08\x0b-\x1f]")
_BLANKS = re.compile(r"[ \t\xa0\u202f]+")
_ON = re.compile(rf"(?:{_any(ON)}\b|[^\W\d]{{2,12}}\.?,? \d|\d{{1,4}}[-./ ])", re.IGNORECASE)
_WROTE = re.compile(rf"\b{_any(WROTE)}(?!\w)[^\n]{{0,150}}:$", re.IGNORECASE)
_DATE_AND_ADDRESS = re.compile(r"^\d{4}-\d\d-\d\d[^\n]{1,100}<[^\s<>]{3,100}@[^\s<>]{1,100}>:$")
_SIGN_OF_A_DATE = re.compile(r"\d|@")
_ADDRESS = re.compile(r"<[^\s<>]{1,100}@[^\s<>]{1,100}>|\([^\s()]{1,100}@[^\s()]{1,100}\)")
_SEPARATOR = re.compile(rf"^[-_=*]{{2,60}} ?{_any(ORIGINAL_MESSAGE)} ?[-_=*]{{2,60}}$", re.IGNORECASE)
_FORWARDED = re.compile(rf"^{_any(FORWARDED)} ?:$", re.IGNORECASE)
_FROM = re.compile(rf"^\*?{_any(FROM)} ?:\*? ?\S", re.IGNORECASE)
_FIELD = re.compile(rf"^\*?({_any(FIELDS)}) ?:", re.IGNORECASE)
_RULE = re.compile(r"^[_-]{5,}$")
_SENT_FROM = re.compile(rf"^{_any(SENT_FROM)}$", re.IGNORECASE)
_REPLY_ABOVE = re.compile(_any(REPLY_ABOVE), re.IGNORECASE)
_QUOTES = (
	"blockquote", ".gmail_quote", ".gmail_extra", ".yahoo_quoted", ".moz-cite-prefix", ".protonmail_quote",
	".zmail_extra", ".tutanota_quote", ".OutlookMessageHeader", "#ms-outlook-mobile-signature",
	".gmail_signature",
	".gmail_signature_prefix", ".moz-signature", ".ms-outlook-mobile-reference-message",
)  # fmt: skip
_QUOTES_BEGIN = "#appendonsend, #divRplyFwdMsg, #mail-editor-reference-message-container, .ms-outlook-quote"


def written(mail: IncomingMail) -> str:
	"""Return what the sender wrote, with single empty lines; "" where there is nothing but quotes."""
	plain, page = _body(mail, "text/plain"), _body(mail, "text/html")
	if plain and plain.text.strip():
		return without_quotes(plain.text)
	return without_quotes(_page_without_quotes(page.text)) if page else ""


def has_quote(mail: IncomingMail, text: str) -> bool:
	"""Tell whether there is more in a mail than `text`, which was written in it: a quote."""
	return len("".join(text.split())) + 20 < len("".join(mail.plain.split()))


def without_quotes(text: str) -> str:
	"""Return a text without what it quotes. Text between quotes and below them stays."""
	lines = [_line(line) for line in _HIDDEN.sub("", text.replace("\r", "\n")).split("\n", LINES)[:LINES]]
	own = _own_lines(lines)
	while own and (not own[-1] or _SENT_FROM.match(own[-1]) or _RULE.match(own[-1])):
		own.pop()
	return "\n".join(line for at, line in enumerate(own) if line or (at and own[at - 1]))


def _body(mail: IncomingMail, content_type: str) -> Part | None:
	for part in mail.own_parts:
		attached = part.headers.get("content-disposition").lower().startswith("attachment")
		if part.content_type == content_type and not attached:
			return part
	return None


def _page_without_quotes(html: str) -> str:
	page = parse(html)
	for element in page.select(_QUOTES_BEGIN):
		for following in list(element.next_siblings):
			following.extract()
		element.decompose()
	for element in page.select(", ".join(_QUOTES)):
		element.decompose()
	return page.to_text()


def _line(line: str) -> str:
	"""Return a line with single blanks; that of a signature's beginning (RFC 3676 §4.3) is “--”."""
	return _BLANKS.sub(" ", line).strip()


def _own_lines(lines: list[str]) -> list[str]:
	own: list[str] = []
	for at, line in enumerate(lines):
		if line.startswith(">") or _REPLY_ABOVE.search(line[:LINE]):
			continue
		if line == "--" or _begins_quote(lines, at):
			while own and _FIELD.match(own[-1]):  # “Gesendet:” stands over “Von:” in some webmail
				own.pop()
			break
		length = _attribution(lines, at)
		if not length:
			own.append(line)
			continue
		del own[len(own) - length + 1 :]
		if not _next(lines, at).startswith(">"):
			break
	return own


def _begins_quote(lines: list[str], at: int) -> bool:
	line = lines[at]
	if line[:1] in ("-", "_", "=", "*") and _SEPARATOR.match(line[:LINE]):
		return True
	if ":" not in line[:LINE]:
		return False
	if _FORWARDED.match(line):
		return True
	return bool(_FROM.match(line)) and len(_fields(lines[at + 1 : at + _LINES_OF_HEADER])) >= 2


def _fields(lines: list[str]) -> set[str]:
	return {match[1].lower() for line in lines if (match := _FIELD.match(line))}


def _attribution(lines: list[str], at: int) -> int:
	"""Return how many lines the attribution takes that ends here, 0 where there is none."""
	if not lines[at].endswith(":"):
		return 0
	for length in range(1, _LINES_OF_ATTRIBUTION + 1):
		block = lines[max(0, at - length + 1) : at + 1]
		if not all(block) or len(block) < length or any(line[-1] in ".!?" for line in block[:-1]):
			break
		if _is_attribution(" ".join(line[:LINE] for line in block)[: 2 * LINE]):
			return length
	line = lines[at][:LINE]
	is_named = _WROTE.search(line) and _SIGN_OF_A_DATE.search(line)
	following = _next(lines, at)
	return int(bool(is_named and (_ADDRESS.search(line) or following.startswith(">") or not following)))


def _is_attribution(text: str) -> bool:
	if _DATE_AND_ADDRESS.match(text):
		return True
	return bool(_ON.match(text) and _WROTE.search(text) and _SIGN_OF_A_DATE.search(text))


def _next(lines: list[str], at: int) -> str:
	return next((line for line in lines[at + 1 : at + 4] if line), "")
