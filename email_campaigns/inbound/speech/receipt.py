"""The signs of a read receipt (RFC 8098). Pure; never raises.

Exchange and some gateways write receipts as plain text: the subject begins with “Read:”, the text with “Your
message”, and a sentence says when it was read or deleted.
"""

from __future__ import annotations

import re

from email_campaigns.inbound.mail.message import IncomingMail
from email_campaigns.inbound.speech.automatic import flat

TEXT = 1500  # characters in which a receipt says what it is

# en, fr, de, es, it, nl, pt, pl, sv, da and nb, fi, cs
_SUBJECT = re.compile(
	r"(?:not read|read|deleted|return receipt \(displayed\)|(?:non )?lue?|(?:un|nicht )?gelesen"
	r"|ungelesen gelöscht"
	r"|gelöscht|lesebestätigung|(?:no )?leído|confirmación de lectura|(?:non )?letto|lettura"
	r"|conferma di lettura"
	r"|(?:niet )?gelezen|leesbevestiging|(?:não )?lid[ao]|(?:nie)?przeczytan[eo]|potwierdzenie przeczytania"
	r"|o?läst|läskvitto|u?læst|u?lest|luettu|lukematon|(?:ne)?přečten[oa]|accusé de lecture) ?(?::|-)",
)
_READ = re.compile(
	r"was (?:read|displayed|opened) on|(?:was|were) (?:deleted without being|not) read"
	r"|has been (?:read|displayed)"
	r"|a été (?:lue?|affichée?) |supprimée? sans (?:avoir été|être) lue?|wurde .{0,60}(?:gelesen|angezeigt)"
	r"|ungelesen gelöscht|se leyó|(?:ha sido|fue) leído|sin (?:ser|haber sido) leído|è stat[oa] lett[oa]"
	r"|senza essere (?:stat[oa] )?lett[oa]|(?:is|werd) (?:op .{0,60})?gelezen|zonder te (?:zijn"
	r"|worden) gelezen"
	r"|(?:foi|foram) (?:lid[ao]|excluíd[ao] sem|eliminad[ao] sem)|(?:została"
	r"|zostało) (?:przeczytan|usunięt)[ae]"
	r"|lästes|har lästs|togs bort utan att|blev læst|ble lest|uden at være læst|uten å (?:bli|være) lest"
	r"|on luettu|luettiin|lukematta|byla (?:přečtena|odstraněna)",
)
_YOUR_MESSAGE = re.compile(
	r"(?:this is a (?:receipt|return receipt)|your message|the message|votre message"
	r"|ihre nachricht|die nachricht"
	r"|(?:su|el) mensaje|il (?:suo )?messaggio|uw bericht|het bericht|(?:a )?sua mensagem"
	r"|twoja wiadomość|wiadomość"
	r"|ditt meddelande|meddelandet|din meddelelse|meldingen|viestisi|(?:vaše )?zpráva)\b",
)


def is_receipt(mail: IncomingMail, text: str) -> bool:
	"""Tell whether a mail says that another was opened or deleted; `text` is what was written in it."""
	if mail.root.parameters.get("report-type", "").lower() == "disposition-notification":
		return True
	if mail.find("message/disposition-notification"):
		return True
	words = flat(text[:TEXT])
	has_subject = _SUBJECT.match(flat(mail.headers.get("subject")))
	return bool(has_subject and _YOUR_MESSAGE.match(words) and _READ.search(words))
