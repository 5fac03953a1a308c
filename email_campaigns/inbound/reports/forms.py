"""The forms in which servers report a failure in free words, for text in lowercase. Tables only; pure.

A name is that of the server, provider or carrier whose form it is, from its manual, its source, or reports.
"""

import re
from functools import partial

from email_campaigns.delivery.smtp.reply_tables import words

_form = partial(words, flags=re.MULTILINE)

# Who sends reports: the names of RFC 2142 and those of the servers
MACHINE_SENDERS = _form(
	r"mailer[-_.]?daemon|post[-_.]?master|postoffice|mail[-_. ]?delivery",
	r"delivery[-_. ]?(?:system|subsystem)",
	r"\bmdaemon\b|mail[-_. ]?(?:system|admin|gateway)|system administrator|double-bounce|daemon@",
	r"internet mail|\bimss\b|antivirus|mailsweeper|mailmarshal|non-?delivery|lsmtp|no-?reply@sns\.amazon",
)
MACHINE_SUBJECTS = _form(
	r"undeliver|un-?delivered",
	r"deliver[a-z]* (?:status|fail|problem|notif|error|report|has failed|unsuccess)",
	r"return(?:ed|ing) (?:mail|message|to sender|email)",
	r"fail(?:ure|ed)(?: notice| mail| delivery)?\b.{0,20}$",
	r"mail (?:delivery|system error|failed|failure)|could not be delivered|mail could not|not delivered",
	r"delivery failed|\bbounce|unzustellbar|nicht zugestellt|zustellung|non remis|non recapitabile",
	r"no entregad",
	r"nondeliver|non-deliver|message you sent blocked|error sending your mail|delayed|could not send",
	r"onbestelbaar|ikke levert|невозможно|не доставлен|échec|nicht ausgeliefert",
	r"送信|配信|エラー|退信|投递|发送失败",
	r"rejected|warning: .{0,80}user unknown|non reçu|utilisateur",
)

ANSWERS = _form(r"(?:re|fwd?|aw|wg|tr|rv|sv|antw|odp|vs)(?:\[\d\])? ?:")
# Nobody writes as this.
DAEMONS = _form(r"\bmailer-daemon\b")

ANY = "any"
FORMS = {
	"qmail": _form(
		r"^Hi\. This is the\b",
		r"^(?:I'm|I am) afraid I wasn't able to deliver",
		r"^Sorry, (?:no mailbox here|I couldn't|I wasn't able)",
		r"\(#[45]\.\d\.\d{1,2}\)",
	),
	"Exim": _form(
		r"message was created automatically by mail delivery software",
		r"^A message that you (?:have )?sent (?:could|was|contained)",
	),
	"Sendmail": _form(
		r"(?<!-)-{2,200} ?The following addresses had\b",
		r"(?<!-)-{2,200} ?Transcript of session follows",
		r"^The original message was received at ",
		r"(?<!-)-{2,200} ?Unsent message follows",
	),
	"Postfix": _form(
		r"^This is the (?:\S{1,80} )?(?:mail system|Postfix program) at host", r"^[ \t]{1,40}The mail system$"
	),
	"Exchange": _form(
		r"did not reach (?:the following|some or all of)",
		r"^The following recipient\(s\) could not be reached",
		r"^(?:Your message|Delivery) (?:has failed|to the following|couldn't be delivered)",
		r"^Diagnostic information for administrators",
	),
	"Domino": _form(
		r"^was not delivered to:", r"^-{1,90} ?Failure Reasons", r"not listed in (?:public|Domino)"
	),
	"Gmail": _form(
		r"^Delivery to the following recipients? (?:failed|was aborted|has been)",
		r"^\W{0,6}Message not delivered\W{0,6}$",
	),
	# in the reader's language, but always with this address
	"Google Groups": _form(r"https?://groups\.google\.com/support"),
	"Yahoo": _form(
		r"^Unable to deliver message to the following address",
		r"^Sorry, we were unable to deliver your message",
	),
	"AOL": _form(r"^Your mail to the following recipients could not be delivered"),
	"IMail": _form(
		r"^(?:Unknown user|Invalid final delivery userid|User mailbox exceeds|undeliverable to)",
		r"^Delivery failed \d{1,4} attempts",
	),
	"MDaemon": _form(
		r"^The following addresses did NOT receive",
		r"had PERMANENT fatal delivery errors",
		r"no such user here",
		r"^Failed address",
	),
	"GroupWise": _form(r"^The message that you sent was undeliverable", r"^(?:Mail|Message) failed: "),
	"Mimecast": _form(
		r"^An email (?:that )?you (?:attempted to send|addressed)", r"delivery failure notification message"
	),
	"Courier": _form(r"^Your message to the following recipients", r"running the Courier mail server"),
	"OpenSMTPD": _form(r"^[ \t]{0,8}This is the MAILER-DAEMON", r"^Below is a copy of the original message"),
	"DragonFly": _form(r"^This is the DragonFly Mail Agent", r"There was an error delivering your mail"),
	"James": _form(r"^Error message below:", r"^Error: Invalid user address"),
	"Sun Messaging": _form(
		r"^This report relates to a message you sent", r"^Your message cannot be delivered to"
	),
	"MailMarshal": _form(r"^Could not be delivered because of", r"^The following recipients were affected"),
	"MailFoundry": _form(r"^Unable to deliver message to:"),
	"X.400": _form(
		r"^Your message .{0,80}(?:non-delivery|was not delivered)", r"non-delivery (?:report|notification)"
	),
	"carrier": _form(
		r"^Each of the following recipients was rejected",
		r"^The user\(s\) account is (?:disabled|temporarily limited)",
		r"^The following recipients? (?:did not receive|returned permanent)",
		r"^Your message was (?:un|not )?deliver(?:ed|able)",
		r"^This Message was undeliverable due to",
		r"^SMTP Server <\S{1,200}> (?:rejected recipient|refused)",
		r"We had trouble delivering your message",
		r"^[ \t]{0,8}could not be delivered to: <",
		r"Your delivery to the following address",
	),
	"transcript": _form(
		r"^[ \t]{0,12}(?:>>>|<<<|Sent <<<|Received >>>|-{4,90} ?server message)",
		r"^--> Error description:|An error was detected while processing the enclosed message",
		r"No matches to nameserver query|SMTP Error Code [45]\d\d",
	),
	ANY: _form(
		r"following (?:address|addresses|address\(es\)|recipients?) (?:failed|had)",
		r"(?:could|can) ?not be (?:delivered|sent|processed|reached)|(?:un|not )able to deliver",
		r"couldn't (?:be deliver|deliver)",
		r"has not been delivered|was not (?:delivered|relayed|sent)|\bundeliver(?:able|ed)\b",
		r"wasn't delivered",
		r"del[ie]ver[yi]\w{0,8} (?:\S{1,40} ){0,6}(?:failed|failure|errors?|problems?|was aborted)",
		r"failed (?:addresses|recipients)|no valid recipients",
		r"returned because it|rejected (?:the |your )?(?:message|mail|recipient)",
		r"(?:was|been) (?:blocked|rejected|returned) by",
		r"message was rejected|was automatically rejected|does not exist|not accepting mail from",
		r"mailbox is full",
		r"n'a (?:pas )?pu (?:pas )?[eê]tre (?:d[ée]livr|remis)",
		r"(?:nicht|konnte).{0,60}(?:zugestellt|ausgeliefert)",
		r"no (?:pudo|se pudo|ha podido) (?:ser )?entreg",
		r"non [eè] stat[oa] (?:possibile )?(?:recapitat|consegnat)",
		r"não (?:pôde|foi) (?:ser )?entreg|kon niet worden (?:afgeleverd|bezorgd)",
		r"не (?:может быть|удалось) достав",
		r"送信できませんでした|配信できません|届けることができません|无法(?:发送|投递|送达)|投递失败|退信|无法送达",
		r"^[ \t]{0,12}(?:error|reason|status) ?:.{0,200}(?:unknown|not found|full|reject|denied)",
	),
}

DELAYS = _form(
	r"not yet been delivered|has been delayed|warning message only",
	r"^[ \t]{0,12}\*{1,60} {0,20}this is (?:just )?a warning",
	r"will (?:continue to )?be (?:re)?(?:tried|made|attempted)|delivery attempts will continue",
	r"will keep trying",
	r"we will continue|has been enqueued and undeliverable|is delayed|still being (?:tried|attempted)",
	r"wird weiter versucht",
	r"could not (?:be )?(?:send|deliver)\w{0,8} (?:\S{1,40} ){0,3}"
	r"for (?:the )?(?:past|last) \S{1,20} (?:hour|minute|day)",
	r"This is just a warning|message will be retried",
)
FINAL = _form(
	r"failed permanently|permanent (?:fatal |delivery )?error|i've given up|giving up",
	r"removed from the (?:mail )?queue",
	r"no further (?:delivery )?attempts|could not be delivered for|not going to try again",
	r"has stopped trying",
)

RECALLS = _form(r"(?:would like|wishes|wants) to recall the message|is trying to recall")
# Machines that answer a mail, but report no failure of its delivery
NO_REPORTS = _form(
	r"out of (?:the )?office|auto(?:matic)?[- ]?(?:reply|response)|vacation|abwesen|absence du bureau",
	r"fuera de la oficina",
	r"(?:would like|wishes|wants) to recall|recall(?:ed)? the message|message recall|is trying to recall",
	r"(?:verify|confirm) (?:that )?(?:you|your (?:email|message|identity))",
	r"to (?:release|deliver) your message,? (?:please )?(?:click|reply)|challenge.?response|whitelist",
	r"approved sender",
	r"awaiting (?:your )?(?:verification|confirmation)",
	r"virus(?:es)? (?:was|were|has been|found|detected|alert|warning|in)|found .{0,40}virus",
	r"infected (?:file|attachment)",
	r"(?:no longer|not) (?:works?|working|employed|with) (?:at|for|here|the company|us)",
)
