"""The key of a refusal: one for all replies that differ in addresses, hosts, numbers and ids alone.

Pure. Refusals said to many mails are counted by it, and what one refusal suppressed is lifted by it.
"""

import re

from email_campaigns.delivery.smtp.replies import Reply, parse_reply

KEY_LENGTH = 140  # characters, as many as an indexed Data field of Frappe holds

# What one mail, one client or one moment brings into the text of a reply, in the order of taking it out.
_VARIABLE = re.compile(
	r"\b[a-z][a-z0-9+.-]*://\S+|\bwww\.\S+"  # a URL
	r"|\"[^\"]*\"@[^\s<>()\[\],;:\"]*|[^\s<>()\[\],;:\"]*@[^\s<>()\[\],;:\"]*"  # an address, valid or not
	r"|(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,}(?![\w:])"  # an IPv6 address
	r"|(?<![\w.-])[a-z0-9_-]+(?:\.[a-z0-9_-]+)+\.?(?![\w-])"  # a host name; Exchange's Names.Like.This stay
	r"|(?<![\w.-])[A-Z0-9_-]+(?:\.[A-Z0-9_-]+)+\.?(?![\w-])"
	r"|[^\s<>()\[\],;:=\"']*\d[^\s<>()\[\],;:=\"']*"  # a number, or an id with one: S3150, 1rXyz-0003Ab-Cd
	r"|(?<![\w-])(?![^\W_]*[aeiouAEIOU])[B-Zb-z]{7,}(?![\w-])"  # a long queue id of Postfix: no a, e, i, o, u
)
_WORD = re.compile(r"[^\W\d_]+")
# A stored reason ends with the reply: "The server refused the address: 550 5.1.1 User unknown".
_QUOTED = re.compile(r"(?:^|: )([45]\d\d(?: .*)?)$", re.DOTALL)


def refusal_key(stage: str, reply: Reply) -> str:
	"""Return the key of a refusal at a stage (those of Refused), at most KEY_LENGTH characters.

	It has the stage, the class of the code, the RFC 3463 code, and the words of the text in lower case:
	"rcpt 5 5.1.1 recipient address rejected user unknown".
	"""
	words = _WORD.findall(_VARIABLE.sub(" ", reply.words))
	parts = (stage, str(reply.code // 100), reply.enhanced, *(word.lower() for word in words))
	return " ".join(filter(None, parts))[:KEY_LENGTH].rstrip()


def key_of_reason(reason: str) -> str:
	"""Return the key, without a stage, of the reply that a stored reason quotes; "" where it quotes none.

	The reason may be in any language, and have the mailing in front, as the origin of a suppression has.
	"""
	quoted = _QUOTED.search(reason)
	return refusal_key("", parse_reply([quoted[1].encode()])) if quoted else ""
