"""What words and codes of a report say about a bounce, beyond those of SMTP replies. Tables only; pure.

The words are in lowercase. A line names who says so. reply_tables.py has what servers say in a session.
"""

from email_campaigns.delivery.smtp import reply_tables
from email_campaigns.delivery.smtp.reply_tables import words
from email_campaigns.inbound.values import BounceClass

HARD, SOFT, BLOCKED = BounceClass.HARD, BounceClass.SOFT, BounceClass.BLOCKED


# When the server refused, as reports tell it: Exim, Postfix, qmail, Sendmail, Courier, DragonFly, Exchange
STAGES = (
	(
		"connect",
		words(
			r"after initial connection|after (EHLO|HELO)|in reply to (initial|EHLO|HELO)|refused to talk",
			r"my name was rejected|performing the (EHLO|HELO)|while receiving the initial server greeting",
		),
	),
	(
		"mail",
		words(
			r"after (pipelined )?MAIL FROM|in reply to MAIL FROM|sender was rejected",
			r"(?:>>>|-->) ?MAIL FROM",
			r"rejected MAIL FROM|error following MAIL FROM",
		),
	),
	(
		"content",
		words(
			r"after end of data|in reply to (end of )?DATA|after I sent the message|>>> (DATA|\.)",
			r"our final DATA|\(DATA\)|after sending the message|STEP: DATA|error following DATA",
		),
	),
)

# The domain does not exist, or takes no mail
NO_DOMAIN_WORDS = words(
	# Postfix
	r"name service error for .{0,120}: host not found(?!, try)|host or domain name not found",
	r"domain .{0,80}does not accept mail|nullmx|null mx",
	# Sendmail, RFC 7505
	r"host unknown|name server: .{0,80}: (no data known|host not found)|no such domain",
	# Exim
	r"un-?route?able (mail )?domain|all relevant MX records point to non-existent hosts",
	r"unrouteable address",
	r"MX or SRV record indicated no SMTP service|lookup of .{0,80} failed: (NXDOMAIN|host not found)",
	# qmail, OpenSMTPD, Courier, DragonFly
	r"couldn't find any host named|no MX found for (the )?domain|(?<!temporary )domain does not exist",
	r"couldn't find a mail exchanger|no mx record found|host does not accept (?:e-?)?mail",
	r"the domain is not reachable\. Please check|invalid domain(?! name)|domain (?:name )?not found",
	r"domain .{0,80}receive email according to",
	r"no DNS data|DNS lookup failure: host .{0,120} not found|dns domain .{0,80} does not exist",
	# Exchange, Sun Messaging Server, Domino
	r"illegal host/domain name|host/domain does not accept mail|domain .{0,60}(could not|cannot) be found",
	r"host not found in DNS|because the domain .{0,80} couldn.t be found|unknown host|bad destination host",
	r"destination (host|domain|server).{0,40}(not found|does not exist|unknown|invalid)|NXDOMAIN",
)

# The recipient is unknown, in words that only reports have, or that say so in a report alone
UNKNOWN_WORDS = words(
	# Domino, Notes, in English and Japanese
	r"not listed in (?:public|(?:the )?domino)|ディレクトリ.{0,12}(?:見つかりません|ありません)",
	# IMail, Exchange 5.5, InterScan
	r"invalid final delivery userid|recipient name is not recognized|please check if address is correct",
	# Gmail, Exchange, Mimecast, and Cisco's mail gateways
	r"address couldn.t be found|(?:e-?mail )?address .{0,40}(?:was|could) not (?:be )?found",
	r"possibly incorrect",
	r"550 #5\.1\.0 address rejected|^#?5\.1\.0 address rejected\.?$|^address rejected\.?$",
	# RFC 5321 §4.2.3, as GMX and Outlook.com say it of mailboxes that they do not have
	r"requested action not taken: mailbox (?:unavailable|not found)",
	r"mailbox name (?:not allowed|is invalid)",
	# Verizon, NTT docomo, KDDI, James
	r"invalid user address|no valid recipients|no such (?:mobile|subscriber|phone)",
	r"宛先.{0,20}(?:存在しません|見つかりません)",
	# other languages of Exchange
	r"adresse .{0,40}(?:introuvable|n'existe pas)|no se encontró",
	r"non (?:sono riuscito a trovare|è stato trovato)",
	r"(?:adresse|empfänger|benutzer).{0,40}(?:nicht gefunden|unbekannt|existiert nicht)|никого не найдено",
	r"(?:utilisateur|destinataire) inconnu|usuario desconocido|utente sconosciuto",
	r"пользовател\w{1,4} не (?:найден|существует)",
)
EXPIRED_WORDS = words(
	# Exim, Postfix, qmail, Exchange, Gmail, Sendmail
	r"retry time(?:out)? (?:not reached|exceeded)|message expired|queue\.expired|queue too long",
	r"envelope expired",
	r"connection (?:timed out|refused|reset|dropped)|operation timed out|no route to host",
	r"network (?:is )?unreachable",
	r"(?:could|did) not (?:accept our requests to )?connect",
	r"(?:unable|not able|wasn't able) to (?:establish|connect)",
	r"lost connection|delivery time expired|could not be delivered for \S{1,20} (?:hours|days)",
	r"host not responding",
	r"all hosts .{0,40}have been failing|not delivered within|allowed queue period|delivery timed out",
	r"host not found, try again|temporary (?:lookup|name resolution|DNS)|name server.{0,40}timeout",
)
# A server that cannot write into a mailbox says nothing of its address: procmail, Sendmail
FAULT_WORDS = words(r"(?:couldn't|can't|cannot) create|(?:input/output|i/o) error|command died")
LOOP_WORDS = words(r"\bloop|too many hops|hop count|too many received")
INACTIVE_WORDS = words(r"\bsuspend|\blocked\b|\bfrozen\b|temporarily (?:disabled|limited|unavailable)")
SIZE_WORDS = words(
	r"(?:message|mail).{0,30}too (?:large|big)|(?:message|mail) size|maximum message|too large"
)
AUTHENTICATION_WORDS = words(
	r"\b(?:spf|dkim|dmarc|arc)\b|unauthenticated|authentication (?:checks?|results?|information)",
)

# Words that decide before a code does, in this order
FIRST_WORDS = (
	# Exchange Online's edge refuses unknown recipients in these words (use-directory-based-edge-blocking)
	(HARD, words(r"5\.4\.1 .{0,140}recipient address rejected: access denied")),
	(SOFT, EXPIRED_WORDS),
	(SOFT, LOOP_WORDS),
)
# Words that decide where there is no evidence of a dead address
LATER_WORDS = (
	(SOFT, reply_tables.OTHER_LIMIT_WORDS),
	(BLOCKED, reply_tables.LIMIT_WORDS),
	(BLOCKED, AUTHENTICATION_WORDS),
	(BLOCKED, SIZE_WORDS),
	(BLOCKED, words(r"not accepting (?:e-?)?mail from")),
	(SOFT, reply_tables.FULL_WORDS),
	(SOFT, INACTIVE_WORDS),
	(BLOCKED, reply_tables.POLICY_WORDS),
	(BLOCKED, reply_tables.ACCOUNT_WORDS),
	(SOFT, reply_tables.LATER_WORDS),
)
CLASSES_OF_DETAILS = {"2.2": SOFT, "3.4": BLOCKED, "2.3": BLOCKED, "1.8": BLOCKED, "1.7": BLOCKED}
CLASSES_OF_SUBJECTS = {"7.": BLOCKED, "6.": BLOCKED}
