"""The meaning of a refusal for the mail, its recipient and its account.

Pure. The order of the rules matters: they first decide what was refused (the account, this mail or the
address), then for how long. One mail has one recipient, and every mail of a mailing goes to the same server.
A refusal of the client, the account or the sender would therefore hit all mails alike: it pauses the mailing,
or holds the account back, instead of using up recipients. An address is given up only on evidence about
itself: a code that says so, or words that name the recipient as unknown or gone. A bare 550 is none.
"""

from email_campaigns.delivery.smtp import reply_tables as tables
from email_campaigns.delivery.smtp.replies import Refused, Reply, ReplyMeaning
from email_campaigns.text import Sentence, _lt

# The place is the server's reply.
RETRY_LATER = _lt("The server asks to try again later: {0}")
SENDS_TOO_MUCH = _lt("The server limits how much may be sent: {0}")
REFUSED_ADDRESS = _lt("The server refused the address: {0}")
REFUSED_MESSAGE = _lt("The server refused the message: {0}")
REFUSED_MAIL = _lt("The server refused this mail: {0}")
REFUSED_CONNECTION = _lt("The server accepts no mail now: {0}")
REFUSED_LOGIN = _lt("The server refused the login: {0}")
REFUSED_SENDER = _lt("The server refused the sender: {0}")
REFUSED_ACCOUNT = _lt("The server does not let this account send: {0}")


def judge_refusal(refusal: Refused) -> tuple[ReplyMeaning, Sentence]:
	"""Return the meaning of a refusal and the reason for people.

	Sources: RFC 5321 §4.2, RFC 3463, those of reply_tables.py, and real replies in
	tests/data/smtp_replies.tsv.
	"""
	meaning = _meaning(refusal.stage, refusal.reply)
	return meaning, Sentence(_reason_text(meaning, refusal.stage), refusal.reply.quote)


def _meaning(stage: str, reply: Reply) -> ReplyMeaning:
	if _is_a_limit(reply):
		return ReplyMeaning.THROTTLED
	if reply.code < 500:
		return ReplyMeaning.PAUSE if _needs_a_person(stage, reply) else ReplyMeaning.RETRY
	if stage in ("connect", "login", "mail") or _is_about_the_account(stage, reply):
		return ReplyMeaning.PAUSE
	if _asks_to_try_later(reply):
		return ReplyMeaning.RETRY
	return ReplyMeaning.BOUNCED if _is_about_the_address(stage, reply) else ReplyMeaning.FAILED


def _own_words(reply: Reply) -> str:
	"""Return what the server says itself, in lowercase.

	A relay that quotes another host ("host mx.example said: 554 …") reports the verdict of one domain.
	"""
	return tables.QUOTES_ANOTHER.split(reply.words.lower(), maxsplit=1)[0]


def _is_a_limit(reply: Reply) -> bool:
	words, detail = _own_words(reply), reply.enhanced[2:]
	if tables.OTHER_LIMIT_WORDS.search(words):
		return False
	passing = reply.code < 500 and detail in tables.PASSING_LIMIT_DETAILS
	return passing or detail in tables.LIMIT_DETAILS or bool(tables.LIMIT_WORDS.search(words))


def _needs_a_person(stage: str, reply: Reply) -> bool:
	words, detail = _own_words(reply), reply.enhanced[2:]
	if reply.code in tables.LOGIN_CODES or tables.ACCOUNT_WORDS_OF_4XX.search(words):
		return True
	if stage == "login":
		return detail == "7.12"  # RFC 4954 §6: the user must set a new password first
	# RFC 4954's 454 is a passing failure of the login; Postfix says it for relaying with soft_bounce
	return reply.code == 454 and bool(tables.ACCOUNT_WORDS.search(words))


def _is_about_the_account(stage: str, reply: Reply) -> bool:
	words = _own_words(reply)
	if tables.RECIPIENT_RULE_WORDS.search(words):
		return False
	if reply.code in tables.LOGIN_CODES and "recipient" not in words:
		return True
	if reply.code in tables.PROTOCOL_CODES and stage != "content":
		return True
	return reply.enhanced[2:] in tables.ACCOUNT_DETAILS or bool(tables.ACCOUNT_WORDS.search(words))


def _asks_to_try_later(reply: Reply) -> bool:
	return reply.enhanced.startswith("4.") or bool(tables.LATER_WORDS.search(_own_words(reply)))


def _is_about_the_address(stage: str, reply: Reply) -> bool:
	words, detail = reply.words.lower(), reply.enhanced[2:]
	if any(other.search(words) for other in tables.WORDS_OF_OTHER_CAUSES):
		return False
	if stage != "rcpt" and tables.HEADER_WORDS.search(words):
		return False
	known_code = detail in tables.ADDRESS_DETAILS or detail == tables.DISABLED_DETAIL
	return known_code or bool(tables.UNKNOWN_WORDS.search(words))


def _reason_text(meaning: ReplyMeaning, stage: str) -> str:
	if meaning is ReplyMeaning.RETRY:
		return RETRY_LATER
	if meaning is ReplyMeaning.THROTTLED:
		return SENDS_TOO_MUCH
	if meaning is ReplyMeaning.BOUNCED:
		return REFUSED_ADDRESS
	if meaning is ReplyMeaning.FAILED:
		return REFUSED_MESSAGE if stage == "content" else REFUSED_MAIL
	texts = {"connect": REFUSED_CONNECTION, "login": REFUSED_LOGIN, "mail": REFUSED_SENDER}
	return texts.get(stage, REFUSED_ACCOUNT)
