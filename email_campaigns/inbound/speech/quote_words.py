"""The words by which mail clients set off what they quote, in the languages of their users. Pure."""

# The end of “On 3 Nov 2026, Ada wrote:”
WROTE = (
	"wrote", "writes", "a écrit", "schrieb", "schreibt", "escribió", "ha scritto", "scrive", "schreef",
	"escreveu", r"napisał\(a\)", "napisała?", "pisze", "skrev", "skriver", "kirjoitti",
	r"napsal\(a\)", "napsala?",
	"написала?", "пишет",
)  # fmt: skip

# Its beginning; a weekday or a date may stand there too
ON = (
	"on", "am", "le", "el", "il", "op", "em", "no dia", "a", "dnia", "w dniu", "den", "på", "dne", "date:",
)  # fmt: skip

ORIGINAL_MESSAGE = (
	"original message", "original e-?mail", "reply message", "forwarded message", "forwarded by .*",
	"message d['’]origine", "mail original", "message original", "message transféré", "message transmis",
	"ursprüngliche (?:nachricht|e-?mail|mail)", "originalnachricht", "weitergeleitete nachricht",
	"mensaje original", "mensaje reenviado", "messaggio originale", "messaggio inoltrato",
	"oorspronkelijk bericht", "origineel bericht", "doorgestuurd bericht",
	"mensagem original", "mensagem encaminhada", "oryginalna wiadomość", "wiadomość oryginalna",
	"wiadomość przekazana", "ursprungligt meddelande", "originalmeddelande", "vidarebefordrat meddelande",
	"oprindelig meddelelse", "original meddelelse", "videresendt meddelelse", "opprinnelig melding",
	"videresendt melding", "alkuperäinen viesti", "välitetty viesti", "původní zpráva", "původní e-?mail",
	"přeposlaná zpráva",
)  # fmt: skip

FORWARDED = (
	"begin forwarded message", "anfang der weitergeleiteten nachricht", "début du message réexpédié",
	"inicio del mensaje reenviado", "inizio messaggio inoltrato", "begin doorgestuurd bericht",
	"início da mensagem (?:re)?encaminhada", "początek przekazywanej wiadomości", "vidarebefordrat brev",
	"start på videresendt besked", "videresendt melding", "välitetty viesti alkaa",
	"začátek přeposlané zprávy",
)  # fmt: skip

# The first line of the header that Outlook puts over what it quotes, and the other lines
FROM = ("from", "von", "de", "da", "van", "od", "från", "fra", "lähettäjä", "expéditeur", "от")
FIELDS = (
	"sent", "date", "to", "cc", "subject", "gesendet", "datum", "an", "betreff", "envoyé", "à", "objet",
	"enviado", "enviada", "fecha", "para", "asunto", "inviato", "data", "a", "oggetto", "verzonden", "aan",
	"onderwerp", "assunto", "wysłano", "wysłane", "do", "dw", "temat", "skickat", "till",
	"kopia", "ämne", "sendt",
	"dato", "til", "emne", "lähetetty", "päivämäärä", "vastaanottaja", "kopio", "aihe", "odesláno", "komu",
	"kopie", "předmět", "отправлено", "кому", "тема",
)  # fmt: skip

# What a phone or Outlook writes under a mail
SENT_FROM = (
	"sent (?:from|with|via) .{0,40}", "get outlook for .{0,40}", "von mein.{0,30}gesendet",
	"gesendet von .{0,40}",
	"gesendet mit .{0,40}", "outlook für .{0,40}", "diese nachricht wurde von mein.{0,40}gesendet.?",
	"envoyé (?:de|depuis|à partir|avec) .{0,40}", "télécharger outlook .{0,40}",
	"enviado (?:desde|de|do|a partir) .{0,40}",
	"obtener outlook para .{0,40}", "obter o outlook .{0,40}", "inviato da .{0,40}",
	"ottieni outlook per .{0,40}",
	"verstuurd (?:vanaf|met|via) .{0,40}", "verzonden (?:vanaf|met|via) .{0,40}", "outlook voor .{0,40}",
	"wysłane? z .{0,40}", "wysłano z .{0,40}", "pobierz program outlook .{0,40}", "skickat från .{0,40}",
	"hämta outlook för .{0,40}", "sendt fra .{0,40}", "hent outlook .{0,40}", "få outlook .{0,40}",
	"lähetetty .{0,40}(?:stä|sta|lta|ltä)", "odesláno z .{0,40}", "získat outlook .{0,40}",
)  # fmt: skip

REPLY_ABOVE = (
	"reply above",
	"type your reply above",
	"write above this line",
	"oberhalb dieser (?:linie|zeile)",
)
