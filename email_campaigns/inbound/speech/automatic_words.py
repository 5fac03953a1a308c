"""The words of automatic answers, as patterns, language by language. Pure.

In the order en, fr, de, es, it, nl, pt, pl, sv, da and nb, fi, cs. Blanks stand for any blanks.
"""

# The beginning of a subject that only a machine writes; “Re:” before it is a person's answer
AUTOMATIC_SUBJECT = (
	r"auto(?:matic|mated|mat)? ?-?(?:reply|response|answer|respond)", "réponse automatique",
	r"automatische(?: rück)? ?antwort", "auto-?antwort", "(?:respuesta|contestación) automática",
	"autorrespuesta",
	"risposta automatica", "automatisch antwoord", "automatische (?:beantwoording|reactie)",
	"resposta automática",
	"automatyczna odpowiedź", "odpowiedź automatyczna", "autoodpowiedź", "automatiskt svar", "autosvar",
	"automatisk svar", "automaattinen vastaus", "automaattivastaus", "automatická odpověď",
	"automatikus válasz",
	"автоматический ответ", "автоответ", "otomatik yanıt", "răspuns automat",
	"自動(?:応答|返信)", "自动(?:回复|答复)",
)  # fmt: skip

# The subject of Notes' agent: “AUTO: Ada is out of the office (returning 05.12.2026)”
NOTES_SUBJECT = (
	"auto: .{1,80}(?:out of (?:the )?office|außer haus|abwesend|absente?|fuera de la oficina|fuori sede"
	"|afwezig|fora do escritório|nieobecn|frånvarande|ikke på kontoret|poissa|mimo kancelář)",
)

# The beginning of a subject that a person could write, but seldom does over an answer
ABSENT_SUBJECT = (
	"out of (?:the )?office", "ooo", "away from (?:the |my )?(?:office|desk)",
	"(?:on )?(?:vacation|annual leave)",
	"on (?:holiday|leave)", "(?:maternity|parental|paternity) leave", "absence(?: du bureau)?",
	"message d'absence",
	"absente?(?: du bureau)?", "en congés?", "abwesenheits(?:notiz|meldung|nachricht|assistent|agent)",
	"abwesenheit", "abwesend", "nicht im (?:büro|haus)e?", "außer haus", "(?:im )?urlaub",
	"fuera de (?:la )?oficina",
	"ausencia", "ausente", "(?:de|en) vacaciones", "fuori (?:sede|ufficio)", "assenza", "assente", "in ferie",
	"afwezigheids(?:bericht|melding|assistent)", "afwezig(?:heid)?", "niet (?:aanwezig|op kantoor)",
	"op vakantie",
	"fora do escritório", "ausência", "de férias", "nieobecność", "poza biurem", "(?:na )?urlop(?:ie)?",
	"frånvaro(?:meddelande)?", "(?:ej|inte) på kontoret", "(?:på )?semester", "ikke på kontoret",
	"fravær(?:sbesked|smelding)?", "ikke til stede", "(?:på )?ferie", "poissaolo(?:ilmoitus)?", "poissa",
	"lomalla", "mimo kancelář", "nepřítomnost", "(?:na )?dovolen(?:á|é)",
)  # fmt: skip

ABSENT = (
	"out of (?:the |my )?office", "away from (?:the |my )?(?:office|desk)",
	"(?:am|i'm|be|currently|now) away",
	"on (?:\\w{1,12} )?(?:leave|vacation|holidays?)", "currently (?:absent|unavailable|out|travell?ing)",
	"not in the office",
	"(?:limited|no) access to (?:my )?e-?mail", "office (?:is|will be) closed", "we are closed",
	"absent(?:e|s)?",
	"en (?:congés?|vacances|déplacement)", "hors d[eu] (?:mon )?bureau", "pas au bureau", "fermée?s?",
	"(?:nicht|außer) (?:im|am|in|meinem|erreichbar|haus).{0,20}", "abwesend", "abwesenheit",
	"(?:im|in) (?:\\w{1,20} )?urlaub",
	"elternzeit", "mutterschutz", "nicht (?:da|anwesend|verfügbar)", "dienstreise", "geschlossen",
	"fuera de (?:la |mi )?oficina", "ausente", "(?:de|en) vacaciones", "(?:de|en) licencia", "cerrad[oa]s?",
	"fuori (?:sede|ufficio)", "assente", "in ferie", "in vacanza", "in maternità", "chius[oiea]",
	"afwezig", "niet (?:aanwezig|op kantoor|bereikbaar)", "op vakantie", "(?:met|op) verlof",
	"buiten kantoor", "gesloten",
	"fora do escritório", "(?:de|em) férias", "em licença", "fechad[oa]s?",
	"nieobecn[yai]", "poza biurem", "na urlopie", "nieobecności", "przebywam",
	"inte på kontoret", "(?:på )?semester", "föräldraledig", "tjänstledig", "frånvarande", "borta", "ledig",
	"ikke på kontoret", "ikke (?:til stede|tilgængelig|tilgjengelig)", "(?:på|holder) (?:\\w{1,12} )?ferie",
	"barsel",
	"fraværende", "bortrejst", "bortreist", "permisjon",
	"en ole (?:toimistolla|toimistossa|paikalla|töissä)", "poissa",
	"lomalla", "vapaalla", "tavoitettavissa", "mimo kancelář", "nepřítom(?:en|na|ný|ná|ni)", "na dovolené",
	"nebudu",
)  # fmt: skip

DEPARTED = (
	r"no longer (?:with|at (?!my|work|the office)|here|employed|working (?:for|at|with|here|in)"
	r"|works? (?:for|at|with|here|in)|(?:a )?part of)",
	r"no longer an? (?:\w{1,12} )?(?:employee|member)",
	r"(?:has|have) left (?:the |our )?(?:company|organi[sz]ation|firm|team|\w{3,20}\.)",
	r"(?:has|have|am|is|now) (?:recently )?retired",
	r"left (?:the )?(?:company|organi[sz]ation) (?:on|in|as of)",
	r"ne (?:fais|fait|faisons) plus partie", r"ne travaille plus(?! les? )",
	r"n'est plus (?:dans|employée?|en poste|salariée?|joignable)",
	r"(?:a|ai) quitté (?:l'entreprise|la société|mes fonctions|ses fonctions|notre)",
	r"(?:hat|habe) (?:das unternehmen|die firma|unser (?:haus|unternehmen)|unsere firma).{0,40}verlassen",
	r"nicht mehr (?:bei|für|im|in|am) .{0,60}(?:tätig|beschäftigt|angestellt|arbeite)",
	r"arbeitet? nicht mehr (?:bei|für|im|in|hier)",
	r"nicht mehr (?:im unternehmen|bei uns|unser(?:e|es|em)? )",
	r"(?:aus dem unternehmen|aus der firma|bei uns) ausgeschieden", "im ruhestand",
	r"ya no (?:trabaj[ao](?! los | el )|forma|formo|pertenece|est[áa] (?:en|con))",
	r"ha dejado (?:la empresa|la compañía|de trabajar)",
	r"non (?:lavor[ao]|fa|faccio|è) più (?:parte|in|per|con|presso|qui|dipendente|alle dipendenze)",
	r"ha lasciato (?:l'azienda|la società)",
	r"(?:werkt?|werkzaam) niet (?:meer|langer)(?! op )", r"niet (?:meer|langer) (?:werkzaam|in dienst)",
	r"uit dienst",
	r"(?:já )?não (?:trabalha|trabalho|faz|faço|está|pertence) mais",
	r"já não (?:trabalh[ao]|faz|faço|pertence|está na|colabora)",
	r"deixou (?:a empresa|de trabalhar|de fazer parte)",
	r"(?:już )?nie (?:pracuj[eę]|jest) (?:już|pracownikiem|w naszej)",
	r"już nie pracuj[eę]", r"zakończył[ao]? (?:współpracę|pracę)", r"odsz(?:edł|ła) z (?:firmy|pracy)",
	r"(?:arbetar|jobbar) inte (?:längre|kvar)(?! på \w{3,5}dag)", r"(?:har|jag har) slutat",
	r"slutat (?:sin anställning|på)",
	r"(?:arbejder|jobber|arbeider) ikke lenger|arbejder ikke længere", r"ikke længere (?:ansat|hos|en del)",
	r"ikke lenger (?:ansatt|hos|i )",
	r"er fratrådt", r"(?:har|er) (?:sluttet|stoppet) (?:hos|i|som|sin)?",
	r"ei (?:enää )?(?:ole|työskentele|työskentelee)(?: enää)? .{0,40}(?:palveluksessa|töissä"
	r"|työsuhteessa|yrityksessä)",
	r"ei (?:ole enää|enää ole|työskentele enää|enää työskentele)",
	r"(?:již|už) ne?(?:ní|pracuj[ei]|pracuju|zaměstnán)",
	r"odeš(?:el|la) z (?:firmy|naší)", r"ukončil[ao]? (?:pracovní poměr|spolupráci)",
)  # fmt: skip

SUCCESSOR = (
	"my successor", "has taken over my", "remplaçante?", "successeur", "nachfolger(?:in)?", "nachfolge",
	"sucesora?",
	"successore", "opvolg(?:er|ster)", "sucessora?", "następc[ay]", "następczyni", "efterträdare",
	"efterfølger",
	"etterfølger", "seuraaja(?:ni|nsa)?", "nástupc[ei]", "nástupkyn[ěi]",
)  # fmt: skip

# A ticket system or a form has taken note
ACKNOWLEDGED = (
	r"(?:ticket|case|(?:support )?request|incident)\b.{0,60}"
	r"\b(?:has been|was|is) (?:created|opened|registered|received|logged|assigned|resolved|solved|closed)",
	r"your (?:request|message|e-?mail|enquiry|inquiry) (?:\S{1,20} )?"
	r"(?:has been|was|is being) (?:received|registered|logged|reviewed|forwarded)",
	r"this is an? auto(?:matic|mated|matically generated) "
	r"(?:reply|response|answer|e-?mail|message|acknowledge?ment|confirmation|notification)",
	r"votre (?:demande|message|ticket|e-?mail).{0,60}"
	r"(?:enregistrée?|créée?|bien été reçue?|prise? en compte)", "accusé de réception",
	"(?:eingangs|empfangs)bestätigung", r"wurde ein ticket .{0,40}(?:erstellt|eröffnet|angelegt)",
	r"(?:ihre|deine) (?:anfrage|nachricht|e-?mail|mail|ticket|anliegen) .{0,60}"
	r"(?:ist .{0,30}eingegangen|wurde .{0,30}(?:erfasst|registriert|angelegt|weitergeleitet))",
	r"dies(?:e|es)? (?:ist eine automatische|e-?mail wurde automatisch)",
	r"su (?:solicitud|ticket|consulta) .{0,60}(?:recibid|cread|registrad)[oa]",
	r"(?:richiesta|ticket) .{0,60}è stat[oa] (?:ricevut|creat|registrat|apert|pres)[oa]",
	r"(?:uw|je) (?:aanvraag|bericht|verzoek|ticket|e-?mail) .{0,60}(?:ontvangen|geregistreerd|aangemaakt)",
	r"(?:solicitação|pedido|chamado|ticket) .{0,60}foi (?:recebid|registad|registrad|criad|abert)[oa]",
	r"zgłoszenie .{0,60}(?:zarejestrowane|przyjęte|utworzone|otrzymane)",
	r"(?:ditt|din|dit) (?:ärende|sag|henvendelse|sak) .{0,60}"
	r"(?:registrera|skapa|oprette|registrere|modtage|mottat|opprette)",
	r"(?:tukipyyntö|viesti|yhteydenotto)\w{0,10} .{0,60}(?:vastaanotettu|kirjattu)",
	r"(?:požadavek|žádost|zpráva) .{0,60}(?:přijat|zaregistrován|vytvořen|zaevidován)",
)  # fmt: skip

# The same in words that a person could write, too
RECEIVED = (
	r"we(?:'ve| have)? (?:successfully )?received (?:your )?"
	r"(?:\w{1,12} )?(?:request|message|e-?mail|mail|enquiry|inquiry|ticket)",
	r"we(?:'ve| have)? got your (?:request|message|e-?mail)",
	r"thank(?:s| you) for (?:contacting|reaching out|your (?:request|message|e-?mail|enquiry|inquiry))"
	r".{0,200}(?:get back to you|be in touch|respond|reply|answer)",
	r"danke? für (?:ihre|deine) (?:anfrage|nachricht|e-?mail|mail)"
	r".{0,200}(?:bearbeit|melden|schnellstmöglich|kümmern)",
	r"merci (?:de|pour) votre (?:message|demande|e-?mail).{0,200}(?:traiter|répondr|délais)",
	r"gracias por (?:contactar|su mensaje|su correo).{0,200}(?:contact|respond|responder)",
	r"nous (?:avons bien reçu|accusons réception)", r"wir haben (?:ihre|deine) .{0,40}erhalten",
	r"hemos recibido (?:su|tu) (?:\w{1,12} )?(?:solicitud|mensaje|correo|consulta)",
	r"abbiamo ricevuto (?:la (?:sua|tua)|il (?:suo|tuo)) ", r"wij hebben (?:uw|je) .{0,40}ontvangen",
	r"recebemos (?:o|a) (?:seu|sua) ", r"(?:otrzymaliśmy|potwierdzamy otrzymanie)",
	r"vi har (?:tagit emot|mottagit|mottaget|modtaget|mottatt) ", r"olemme (?:vastaanottaneet|saaneet)",
	r"(?:obdrželi jsme|přijali jsme)",
)  # fmt: skip

AUTOMATIC_TEXT = (
	r"this is an? (?:auto(?:matic|mated)|automatically generated|auto-generated)",
	r"ceci est (?:une réponse|un message) automatique",
	r"(?:dies|das|hierbei) (?:ist|handelt es sich um) (?:eine )?automatische?r? ",
	r"diese (?:e-?mail|nachricht|antwort) wurde automatisch",
	r"(?:este|esta) es (?:un mensaje|una respuesta) automátic[oa]",
	r"(?:questo è un messaggio|questa è una risposta) automatic[oa]",
	r"dit is een automati(?:sch|sche) ", r"esta é uma (?:resposta|mensagem) automática",
	r"to jest (?:wiadomość|odpowiedź) automatyczna",
	r"(?:to jest )?automatyczna odpowiedź", r"detta är ett (?:automatiskt|autosvar)",
	r"dette er e[nt]t? (?:automatisk|autosvar)",
	r"tämä on automaattinen", r"(?:toto je|tato zpráva je) automatick[áé]",
)  # fmt: skip
