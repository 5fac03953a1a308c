"""What codes and words of a refusal are about: a limit, the account, the address, or something else.

Tables only, for words in lowercase; judge.py says in which order they are asked. Each line names who says so.
The corpus of real replies in tests/data/smtp_replies.tsv has the whole sentences.
"""

import re

_CAPITAL = re.compile(r"(\\.)|[A-Z]")


def words(*patterns: str, flags: int = 0) -> re.Pattern[str]:
	"""Return a pattern of alternatives for a text in lowercase: to ignore case takes three times as long."""
	return re.compile(_CAPITAL.sub(lambda match: match[1] or match[0].lower(), "|".join(patterns)), flags)


# Enhanced codes (RFC 3463, the IANA registry of RFC 5248) stand here as subject.detail, without the class.

# The session lacks a login, a right or encryption: RFC 4954 §6 (530, 534, 535, 538), RFC 5248 (523 to 525),
# Exchange's older 532, Alibaba Mail's 440 and 526
LOGIN_CODES = frozenset({440, 523, 524, 525, 526, 530, 532, 534, 535, 538})

# RFC 5321 §4.2.2: the server did not understand or expect the command, whoever the recipient is
PROTOCOL_CODES = frozenset({500, 502, 503, 504, 505})

ACCOUNT_DETAILS = frozenset(
	(
		# RFC 3463: bad syntax of the sender's address, bad system of the sender
		*("1.7", "1.8"),
		# RFC 5248: a login is refused, or needs encryption, another password or trust
		*("7.8", "7.10", "7.11", "7.12", "7.14"),
		"7.25",  # RFC 7372 §3.3: the client's address has no valid reverse name
		# Exchange: may not relay, not logged in, may not send as this sender, unknown tenant, no basic login
		*("7.54", "7.57", "7.60", "7.64", "7.139"),
		# Exchange Online: bad HELO, banned sender, spam from the account, from the tenant, from the address
		*("7.501", "7.502", "7.503", "7.506", "7.511", "7.705", "7.708", "7.750"),
		*(f"7.{detail}" for detail in range(606, 650)),  # Exchange Online: banned client address
		"2.252",  # Exchange Online: may not send as this sender
	)
)

LIMIT_DETAILS = frozenset(
	(
		"5.3",  # RFC 3463: too many recipients; each of our mails has one, so the session has had too many
		"7.28",  # Gmail: too much mail from this client, or with this Message-ID
		"1.90",  # Exchange Online: the mailbox has reached its recipients of a day
		*("7.232", "7.233", "7.235"),  # Exchange Online: a tenant's recipients of a day
	)
)
# Exchange Online throttles a client by 4.7.500 to 4.7.699; with 5.7 the same details are final.
PASSING_LIMIT_DETAILS = frozenset(f"7.{detail}" for detail in range(500, 700))

# RFC 3463 and RFC 7505: no such mailbox, no such system, bad syntax, mailbox has moved, null MX; Exchange
# says 1.10 for a recipient that it does not find
ADDRESS_DETAILS = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10"})
DISABLED_DETAIL = "2.1"  # RFC 3463: mailbox disabled; Gmail says it for a rate too, others for a suspension

_MAILS = (
	r"(e-?mails?|mails?|messages?|recipients?|rcpts?|logins?|attempts|requests|errors|failures|connections"
	r"|sessions)"
)
_PERIOD = r"(per|this|last|an?|each) (second|minute|hour|day|time unit|session|connection)"
_SENDING = (
	r"(daily|hourly|hour|sending|send|submission|relay|outgoing|outbound|outmail|messages?|mail|batch"
	r"|concurrency|connections?|thread|credits?)"
)

# A limit of the account, the client or the connection, which goes away by itself.
LIMIT_WORDS = words(
	# Amazon SES, Exchange Online, Comcast, Rackspace
	r"throttl",
	# Gmail, Outlook.com, Rspamd, Sendmail, Plesk, Zoho
	r"rate.?limit|\brate (controlled|exceeded|overlimit)|\b(sending|submission|connection)\b.{0,40}\brate\b",
	r"unusual (rate|sending activity)",
	# QQ, SendGrid
	r"frequency limited|too frequent",
	# Postfix, Exim, Orange, GoDaddy, Mailtrap; web.de says it of the recipient's mailbox
	rf"too many (?!.{{0,20}}on the server)(\S+ ){{0,3}}{_MAILS}\b",
	# KooMessage, Alibaba Mail
	rf"\b(number|total)s? (of )?{_MAILS}.{{0,40}}(exceed|maximum)|allow rcpt numbers",
	# cPanel, Yahoo, Postfwd, Emailit
	rf"\b(exceed|max|limit|reach)\w*\b.{{0,40}}{_MAILS} {_PERIOD}",
	rf"{_MAILS} {_PERIOD}.{{0,20}}(exceed|limit|reach)",
	# Amazon SES, Gmail, IONOS, Momentum, Exchange Online, SendGrid
	# "mail quota" is a recipient's
	rf"\b{_SENDING}\b(?! (size|length))[\w ]{{0,25}}\b(limit|(?<!\bmail )quota)\b[\w ]{{0,25}}(exceed|reach)",
	rf"(exceed|reach|over)\w*[\w ]{{0,25}}\b{_SENDING}\b[\w ]{{0,12}}(limit|(?<!\bmail )quota)",
	r"connection limit",
	r"maximum credits exceeded|\b(sending|submission)quotaexceeded|exceeded its quota for sending",
	# Yahoo TSS04, Orange, GoDaddy
	r"messages from \S+ temporarily deferred|slow down|again slower|concurrent|trop de connexions",
	# NetEase: the connections, or the mails, of this client
	r"\bHL:I[CF]C\b",
)
# Limits in such words that are the recipient's own: they say nothing about the next mail.
OTHER_LIMIT_WORDS = words(
	# Gmail, Rackspace, Yahoo, Exchange Online
	r"receiv(ing|ed) (e-?mail|messages?|too much)|recipient (thread|rate)|receiving mail",
	r"at a rate|too quickly",
	# Apple
	r"messages to \S+ deferred",
)

# The client: its address, its name, its reputation.
_CLIENT_WORDS = (
	# Postfix, Exim with cPanel
	r"(client|helo|ehlo)( host| command)? .{0,60}(rejected|blocked|denied)|(invalid|bad) helo",
	# Block lists (RFC 5782), as Postfix, Sendmail, Exim, Proofpoint and Yandex quote them
	r"blocked using|blacklisted|(?<!not )\blisted (at|in|on)\b|on our block ?list|dnsbl|query/ip/|denyip",
	# Exchange Online, Mimecast
	r"(banned|bad|invalid) (sending )?ip|invalid ip for|poor reputation|host network not allowed",
	# Gmail, Comcast, GMX, Postfix, Sendmail
	r"\brdns\b|reverse (dns|lookup)|ptr[ -]record|ptr resource|mismatches client ip|name lookup failed",
	r"your (ip|host ?name|mail ?server)\b|dynamic ips?\b|not (allowed to connect|accepting connections)",
	# MailChannels, Cisco IronPort
	r"originating from your|your access to",
)
# Relaying: the account, or the client, may not send to foreign domains.
_RELAY_WORDS = (
	# Postfix, Sendmail, Exim, Zoho
	r"\brelay(ing)?( access| of mail)?( is)? "
	r"(denied|prohibited|refused|rejected|fail|disallowed|not (permitted|allowed))",
	# Exchange, and older servers
	r"\b(not|unable|cannot|can't|won't)\b.{0,30}\brelay(?! (recipient|map|table))",
	r"denies relay|open relay|insecure mail relay|unauthorized relay|relaying to \S+ prohibited",
	r"no relaying|as a relay|not a gateway|local user only|n.t handle mail for",
	# qmail
	r"rcpthosts|list of allowed hosts",
)
# The login, and the account itself.
_LOGIN_WORDS = (
	# Exim, Exchange, hMailServer, SendGrid
	r"auth(entication)? (is )?(required|failed|unsuccessful)|(not|must|please) .{0,20}authenticat"
	r"|requires authentication|unauthenticated sender|auth(orization|entication)? first",
	# Amazon SES, Brevo
	r"sending (is )?(paused|suspended|disabled)|payment required",
	r"your (\w+ )?account .{0,25}(suspended|disabled|not (yet )?activat)",
	# Exchange Online: the account's own mailbox
	r"mailbox full; storedrv\.submission",
	# Proton Mail
	r"protocol (error|violation)",
)
# The sender's address.
_SENDER_WORDS = (
	# Exim
	r"sender verif|verification failed for|verify mailfrom failed",
	# Postfix, Proton, IronPort
	r"(sender|from|return path)( address)?:? (is )?"
	r"(rejected|denied|blocked|invalid|unknown|not (allowed|verified|authori[sz]ed|owned))",
	r"(unknown|invalid|bad) (sender|return path)",
	r"sender('s)? (e-?mail|mailbox|account|user|domain)\b.{0,30}(unknown|not found|not exist|invalid)",
	# Exchange Online, Yandex
	r"(not (allowed|permitted|authori[sz]ed)|permissions?) to "
	r"(send as|use|send(?! ((e-?)?mails? |messages? )?to ))",
	# SendGrid, Amazon SES
	r"sender identity|(address|identity|domain) (is )?not verified",
)
ACCOUNT_WORDS = words(*_CLIENT_WORDS, *_RELAY_WORDS, *_LOGIN_WORDS, *_SENDER_WORDS)
# A person must act although the code says "later": Proton Bridge
ACCOUNT_WORDS_OF_4XX = words(r"not owned by")
# Exchange: a restriction of this recipient, such as a group that takes mail of its own organisation alone
RECIPIENT_RULE_WORDS = words(r"resolver\.rst\.")
# What comes behind is the verdict of another server: Postfix, Exchange Online
QUOTES_ANOTHER = words(r" said: |remote server returned ")

LATER_WORDS = words(r"\btry( \w+)? (again )?later|retry (soon|later)|temporar(y|ily)")
FULL_WORDS = words(
	r"(mailbox|inbox|account|user|recipient|storage|quota).{0,40}(\bfull\b|over ?quota|exceed)",
	r"(exceed|over|out of|exhaust).{0,25}(quota|storage|disk)|quota|storage|pleine",
)
POLICY_WORDS = words(
	r"spam|polic(y|ies)|block(ed|list)|black ?list|deny ?list|(?<!not )listed|reputation",
	r"\b(spf|dkim|dmarc|dnsbl|rbl)\b|virus|malware|phish|prohibited|content|bulk|abuse|administrative",
	r"access denied|not (allowed|accepted|permitted)|relay(ing)? denied|too large|size|preferences",
	r"rejected by|suspend|lock(ed)?\b|frozen|unverified|verification",
)
# What else a server may mean under a code or word of the address.
WORDS_OF_OTHER_CAUSES = (FULL_WORDS, POLICY_WORDS, LATER_WORDS, LIMIT_WORDS, OTHER_LIMIT_WORDS)

_NOUN = (
	r"(user|mailbox|mail account|email (account|address|name)|account|recipient|addressee|alias|local part)"
)
_NAMED = (
	r"( address| name)?[\s:]*([<\[(\"]*\s?\S+@\S+\s?)?( (that )?you tried to reach)?\W{0,3}"
	r"((is|was|has been|does|could|info)\s)?"
)
_GONE = (
	r"(unknown|not (be )?(found|known)|not a member of|not listed in public"
	r"|(doe?sn.?t|does not?|(is )?not) exists?|no longer (valid|exists?|available|active|accepts|on))"
)
# The recipient is unknown or gone, by the name of a recipient: a host or a command may be unknown as well.
UNKNOWN_WORDS = words(
	# Postfix, Sendmail, Exim, Gmail, Exchange, GMX, QQ, NetEase
	rf"\b{_NOUN}{_NAMED}{_GONE}",
	r"\b(unknown|no such|invalid|inactive|non-?existent|not a (valid|known)|not our)[ -]"
	r"((local|virtual) )?(part )?(or illegal )?(user|mailbox|recipient|alias|addressee|customer|person)\b",
	r"unknown (local[ -]part|email address)|no such (e-?mail )?address|bad destination mailbox address",
	r"no one (at this|with that email) address|recipient no longer on server",
	# qmail
	r"no mailbox (here|found)|can't find user's mailbox|no account by that name",
	# Yahoo
	r"(does ?n.t have an? \S+|\S+@\S+ does not have an) account|\S+@\S+ is no longer valid",
	r"message to \S+@\S+ cannot be delivered\. this (account|mailbox) (is|has been) (disabled|discontinued)",
	# Alibaba Mail
	r"rcpt \S+ dosn't exist",
	# Exchange
	r"recip(ient ?)?notfound",
	# Gmail, Lycos
	r"(mailbox|recipient|mail account|email (account|address))\b.{0,40}"
	r"\b(disabled|inactive|closed|discontinued)\b",
	r"\b(disabled|inactive|deactivated|closed) (recipient|mailbox)|\S+@\S+ account inactive",
	r"address no longer accepts mail",
	# Postfix, Exchange
	r"(?<!host or )\bdomain (name )?(not found|\S+ does not exist)|nonexistent ?domain",
)
# After the body, the same words can be about a header or the sender.
HEADER_WORDS = words(r"\b(header|from|sender|envelope)\b")
