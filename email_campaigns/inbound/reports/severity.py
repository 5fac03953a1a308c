"""How hard a bounce is: is the address dead, does it take no mail now, or is the sender refused? Pure.

The words of a server mean in a report what they mean in a session, so delivery/smtp/judge.py decides first. A
report says more: it comes after all tries, and quotes what a relay has found out about the domain.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from email_campaigns.delivery.smtp import reply_tables
from email_campaigns.delivery.smtp.judge import judge_refusal
from email_campaigns.delivery.smtp.replies import TEXT_LIMIT, Refused, Reply, ReplyMeaning
from email_campaigns.inbound.reports import severity_tables as tables
from email_campaigns.inbound.values import BounceClass

WORDS = 800  # characters of a server's words that are read; a reply stands at their start or in their middle
_CODE = re.compile(r"(?<![\w.\[/=@-])([45]\d\d)(?:[ -]+(?=\S)|(?=[:;,.)]?(?:\s|$)))")
_ENHANCED = re.compile(r"(?<![\w.])#?([245]\.\d{1,2}\.\d{1,3})(?![\w.]*\d)")
_REPEATED = re.compile(r"\s[45]\d\d-(?:[45]\.\d{1,2}\.\d{1,3}\s)?")
# RFC 3463: other or undefined status
_VAGUE = frozenset({"0.0", "1.0", "2.0", "3.0", "4.0", "5.0", "6.0", "7.0"})
_ADDRESS_DETAILS = reply_tables.ADDRESS_DETAILS | {reply_tables.DISABLED_DETAIL}


@dataclass(frozen=True, slots=True)
class _Words:
	"""What a server says in one place, in lowercase; `before` stands before the reply.

	`stage` is when the reply came, as Refused names it.
	"""

	text: str
	before: str
	reply: Reply
	stage: str


def classify(texts: Iterable[str], status: str = "") -> tuple[BounceClass, str]:
	"""Return the class of a final failure and its RFC 3463 code, "" where none is said.

	`texts` are a server's words, with or without a reply of SMTP: first what it says of the address, then all
	that it says, for some give the reason before they name the address. `status` is the report's own code.
	"""
	bounce_class, enhanced = evidence(texts, status)
	return bounce_class or BounceClass.SOFT, enhanced


def evidence(texts: Iterable[str], status: str = "") -> tuple[BounceClass | None, str]:
	"""Return the same as `classify`, but no class where neither words nor code say anything of it."""
	enhanced, bounce_class = "", None
	for text in dict.fromkeys(texts):
		words = _read(" ".join(text[:WORDS].split()).lower(), status)
		enhanced = enhanced or words.reply.enhanced
		if bounce_class := _class_of(words):
			break
	if status and status[2:] not in _VAGUE:
		enhanced = status
	enhanced = enhanced or status
	return bounce_class or tables.CLASSES_OF_SUBJECTS.get(enhanced[2:4]), enhanced


def _read(text: str, status: str) -> _Words:
	"""Find the reply that a text quotes; what quotes none becomes one with the code of its status."""
	match = _CODE.search(text)
	rest = _REPEATED.sub(" ", text[match.end() :]) if match else text
	said = _ENHANCED.search(rest) or _ENHANCED.search(text)
	enhanced = status if status.startswith("4") or not said else said[1]
	code = int(match[1]) if match else 450 if enhanced.startswith("4") else 550
	stage = next((stage for stage, words in tables.STAGES if words.search(text)), "rcpt")
	before = text[: match.start()] if match else ""
	return _Words(text, before, Reply(code, enhanced, rest[:TEXT_LIMIT]), stage)


def _class_of(words: _Words) -> BounceClass | None:
	"""Return the class for which there is evidence; None where the words decide nothing."""
	if tables.FAULT_WORDS.search(words.text):
		return BounceClass.SOFT
	unknown = bool(reply_tables.UNKNOWN_WORDS.search(words.reply.words))
	if not (unknown and words.reply.code >= 500) and (first := _first(tables.FIRST_WORDS, words.text)):
		return first
	if tables.NO_DOMAIN_WORDS.search(words.text):
		if _may_be_the_recipients_domain(words):
			return BounceClass.HARD
	elif _is_dead(words, unknown):
		return BounceClass.HARD
	return _first(tables.LATER_WORDS, words.text) or tables.CLASSES_OF_DETAILS.get(words.reply.enhanced[2:])


def _first(table: Iterable[tuple[BounceClass, re.Pattern[str]]], text: str) -> BounceClass | None:
	return next((bounce_class for bounce_class, words in table if words.search(text)), None)


def _may_be_the_recipients_domain(words: _Words) -> bool:
	"""Tell whether a domain that is none is not the sender's; a code 4.x.x says that it may come back."""
	reply = words.reply
	if words.stage in ("connect", "mail") or reply.enhanced.startswith("4"):
		return False
	is_account = reply.enhanced[2:] in reply_tables.ACCOUNT_DETAILS
	return not is_account and not reply_tables.ACCOUNT_WORDS.search(words.text)


def _is_dead(words: _Words, unknown: bool) -> bool:
	"""Tell whether words are evidence of a dead address: the quoted reply, or what stands around it.

	After the last try, a 4xx that says so is as good as a 5xx.
	"""
	reply = words.reply
	if unknown and reply.code < 500:
		reply = Reply(reply.code + 100, reply.enhanced.replace("4.", "5.", 1), reply.text)
	if unknown or reply.enhanced[2:] in _ADDRESS_DETAILS:
		return judge_refusal(Refused(words.stage, reply))[0] is ReplyMeaning.BOUNCED
	return words.stage in ("rcpt", "content") and _says_unknown(words)


def _says_unknown(words: _Words) -> bool:
	evidence = tables.UNKNOWN_WORDS.search(words.text) or reply_tables.UNKNOWN_WORDS.search(words.before)
	return bool(evidence) and not any(
		other.search(words.text) for other in reply_tables.WORDS_OF_OTHER_CAUSES
	)
