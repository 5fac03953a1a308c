"""The words of a person who wishes no more mail, as patterns, language by language. Pure."""

# A line of nothing but these
COMMAND = (
	"stop", "unsubscribe", "remove", "opt[- ]?out", "take me off",
	"desinscription",
	"désinscription", "désinscrire", "désabonnement", "désabonner", "me désabonner", "se désabonner",
	"arrêt", "abmelden",
	"abmeldung", "abbestellen", "austragen", "stopp", "keine werbung", "baja", "dar(?:me)? de baja",
	"cancelar suscripción",
	"anular suscripción", "cancellami", "cancellatemi", "disiscrivi(?:mi)?",
	"disiscrizione", "rimuovi(?:mi)?",
	"uitschrijven", "afmelden", "schrijf me uit", "descadastrar", "cancelar inscrição", "wypisz(?: mnie)?",
	"wypisać", "rezygnuję", "rezygnacja", "avregistrera", "avsluta", "avbeställ", "avprenumerera",
	"afmeld", "frameld", "meld (?:meg )?av",
	"avmeld", "avslutt", "peru(?:uta)?", "poista", "lopeta", "peruuta tilaus", "odhlásit", "odhlaste mne",
	"zrušit odběr",
)  # fmt: skip

# What is asked for within a sentence
WISH = (
	# en
	r"unsubscribe (?:me|us|this (?:address|e-?mail)|my)", r"please,? unsubscribe(?=\W*$)",
	r"(?:want|wish|like|how (?:do|can) i) to unsubscribe",
	r"how (?:do|can) i unsubscribe",
	r"(?:remove|delete|take|drop) (?:me|us|my (?:name|e-?mail|address|details|data)|this (?:address"
	r"|e-?mail)) (?:\w+ ){0,4}(?:from|off)",
	r"(?:please|kindly|pls),? (?:remove|delete) (?:me|us|my (?:e-?mail|address)|this (?:address|e-?mail))",
	r"take (?:me|us) off (?:your|this|the)",
	r"stop (?:sending|e-?mailing|mailing|contacting|spamming|writing|bothering)(?: (?:me|us|these"
	r"|this|your|any|to))", r"stop (?:these|your|the) (?:e-?mails|mails|newsletters?)",
	r"(?:do not|don't|never) (?:send|e-?mail|contact|mail|write(?: to)?) (?:me|us)(?: any (?:more"
	r"|further)| (?:again|anymore|further))?",
	r"no (?:more|further) (?:e-?mails?|mails?|newsletters?|messages)(?:,? please)?", r"opt (?:me|us) out",
	r"want to opt out", r"off (?:your|this) (?:mailing )?list",
	r"no longer (?:wish|want) to (?:receive|get|hear)",
	r"(?:not|n't) (?:wish|want) (?:to receive )?(?:any )?(?:more|further|your|these) (?:e-?mails"
	r"|mails|newsletters?)",
	# fr
	r"(?:me|nous|veuillez|merci de) (?:désabonner|désinscrire)", r"désabonnez(?:-moi|-nous)?",
	r"désinscrivez(?:-moi|-nous)?",
	r"(?:retire[rz]|supprime[rz]|enleve[rz]|enlevez|effacez)[- ](?:moi|nous|mon (?:adresse|e-?mail"
	r"|nom)|cette adresse|mes (?:données|coordonnées))",
	r"(?:me|nous) (?:retirer|supprimer|enlever|rayer) de",
	r"ne (?:m'envoyez|m'écrivez|me contactez|nous envoyez|nous contactez) plus",
	r"(?:plus|arrêtez de) (?:recevoir|m'envoyer|m'écrire|nous envoyer)", r"cessez de m'",
	# de
	r"bitte (?:\w+ ){0,4}(?:abmelden|austragen|abbestellen)",
	r"(?:melden|tragen|nehmen|streichen) sie (?:mich|uns|meine|diese) (?:\w+ ){0,6}(?:ab|aus|heraus"
	r"|raus|vom)",
	r"(?:mich|uns|meine (?:adresse|e-?mail|mail|daten)|diese (?:adresse"
	r"|e-?mail)) (?:\w+ ){0,6}(?:abmelden|austragen|entfernen|löschen|streichen)",
	r"(?:entfernen|löschen|streichen) sie (?:mich|uns|meine|diese)",
	r"(?:lösch|trag|nimm|melde) (?:mich|meine|uns) ",
	r"keine (?:weiteren |solchen |mehr )?(?:e-?mails?|mails?|newsletter|werbung"
	r"|nachrichten)(?: \w+){0,2}(?: mehr)?(?: \w+){0,2} (?:erhalten|bekommen|senden|schicken|zusenden"
	r"|zuschicken|wünsch\w+)",
	r"keine weiteren (?:e-?mails|mails|newsletter|nachrichten)",
	r"(?:schreiben|schicken|senden) sie mir (?:bitte )?(?:keine|nicht|nichts)",
	r"newsletter (?:bitte )?abbestellen",
	# es
	r"(?:dar(?:me|nos)|d[eé](?:n)?me|quiero darme|solicito la) (?:de )?baja",
	r"(?:elimin|quit|borr)(?:en|e|ad|ar)?(?:me|nos| mi (?:correo|dirección|e-?mail))",
	r"no (?:me|nos) (?:envíen?|escriban?|contacten?|manden?) más",
	r"no (?:deseo|quiero|queremos) (?:recibir )?más", r"dej(?:en|e) de (?:enviar|escribir|mandar)",
	r"cancelar (?:mi|la) suscripción",
	# it
	r"cancell(?:atemi|ami|ateci)",
	r"cancell(?:ate|are) (?:il mio (?:indirizzo|nome)|la mia (?:e-?mail|mail|iscrizione)|questo indirizzo)",
	r"(?:rimuov|toglie?|elimin)(?:etemi|temi|atemi|imi|ami|ete il mio|ere il mio)",
	r"non (?:mi )?(?:inviate|mandate|scrivete|contattate)(?:mi)? più",
	r"non (?:desidero|voglio|vogliamo) (?:più )?(?:ricevere)",
	r"disiscriver(?:mi|ci)|disiscrivetemi", r"smettete(?:la)? di (?:inviar|scriver|mandar)",
	# nl
	r"(?:schrijf|meld) (?:me|mij|ons) (?:\w+ ){0,4}(?:uit|af)",
	r"(?:me|mij|ons) (?:\w+ ){0,5}(?:uitschrijven|afmelden|verwijderen)", r"verwijder (?:me|mij|ons|mijn)",
	r"(?:haal|neem) (?:me|mij|ons) (?:\w+ ){0,3}(?:van|uit)",
	r"(?:stuur|mail) (?:me|mij|ons) (?:geen|niet)",
	r"geen (?:verdere )?(?:e-?mails?|mails?|nieuwsbrieven|nieuwsbrief|berichten)(?: \w+){0,2} (?:meer"
	r"|ontvangen)", r"stop met (?:mailen|het sturen|sturen)",
	# pt
	r"(?:remov|retir|exclu|descadastr)\w{0,3}[- ](?:me|nos|(?:o )?meu (?:e-?mail|endereço|nome|contac?to))",
	r"(?:não|nao) (?:me )?(?:enviem?|mandem?|escrevam?|contactem?|contatem?)(?:-me)? mais",
	r"(?:não|nao) (?:desejo|quero|queremos) (?:mais )?receber(?: mais)?",
	r"(?:me|nos) (?:descadastr|remov|retir|exclu)\w+", r"parem de (?:enviar|mandar|escrever)",
	r"cancelar a (?:minha )?(?:inscrição|subscrição|assinatura)",
	# pl
	r"(?:proszę )?(?:o )?(?:wypisać|wypisanie|usunąć|usunięcie|wykreślić|wykreślenie"
	r"|wyrejestrowanie) (?:mnie|mojego|mój|nas|naszego|tego|moich|z (?:listy|bazy|newslettera))",
	r"(?:wypiszcie|usuńcie|wypisz|usuń) (?:mnie|nas|mój)",
	r"(?:proszę )?nie (?:wysyłać|przysyłać|wysyłajcie|piszcie|przysyłajcie) (?:mi "
	r"|do mnie )?(?:więcej|już)",
	r"(?:nie chcę|nie życzę sobie|nie chcemy) (?:już )?(?:więcej )?(?:otrzymywać|dostawać|takich"
	r"|maili|wiadomości)",
	# sv, da, nb
	r"(?:ta|tag) (?:bort )?(?:mig|meg|oss|os) (?:bort )?(?:från|fra|av|af)",
	r"(?:fjerne?|slette?|slet|stryk|radera|afmeld|avregistrera|avmeld|ta bort) "
	r"(?:mig|meg|oss|os|min (?:adress|e-?post|mail)\w*)", r"meld (?:mig|meg|oss|os) (?:av|af|fra)",
	r"(?:avregistrera|avanmäla|avprenumerera) (?:mig|oss|från|nyhetsbrev\w*)",
	r"(?:inga|inte|ikke|ingen) (?:fler|flere|få flere|mer|mere) (?:mejl|mail|mails|e-?post|e-?mails"
	r"|utskick|nyhetsbrev\w*)",
	r"(?:sluta|slut med|stop med|slutt) (?:att |at |å )?(?:skicka|mejla|maila|sende|maile|skrive)",
	r"(?:vill|ønsker|vil) (?:inte|ikke) (?:längre |lenger |længere )?(?:ha|få|motta|modtage) (?:fler"
	r"|flere|mer|mere|disse|dessa|era|jeres|deres)",
	# fi
	r"(?:poistakaa|poista|poistattehan|peruuttakaa|peruuta) (?:minut|meidät|osoitteeni"
	r"|sähköpostiosoitteeni|tilaus|tilaukseni)",
	r"(?:älkää|älä) (?:enää )?(?:lähettä|lähetä|ota)\w* (?:minulle |enää )*",
	r"(?:en|emme) (?:enää )?halu(?:a|amme) (?:enää )?(?:näitä |teidän )?(?:viestejä|sähköposteja"
	r"|postia|uutiskirjettä)", r"lopettakaa (?:viestien|sähköpostien|lähettäminen)",
	# cs
	r"(?:prosím )?(?:odhlaste|odhlašte|vyřaďte|vymažte|odstraňte|smažte) (?:mne|mě|nás|mou|můj|moji|tuto)",
	r"(?:prosím )?o (?:odhlášení|vyřazení|vymazání)",
	r"(?:už |již )?(?:mi |nám )?(?:neposílejte|nezasílejte|nepište)(?: mi| nám)?",
	r"(?:nechci|nepřeji si|nechceme) (?:už |již |dále )?(?:dostávat|odebírat|další)",
)  # fmt: skip

# A sentence with one of these is about others, a question of another kind, or a footer of the writer's own
NO_WISH = (
	r"if you", r"click", r"link below", r"in order to unsubscribe",
	r"to unsubscribe,? (?:please |just )?(?:reply|write|send|visit|follow|use)",
	r"our (?:customers|users|subscribers|newsletter)",
	r"(?:do not|don't|never|didn't) (?:unsubscribe|remove|delete|take)",
	r"(?:don't|do not|never) stop", r"(?:don't|do not) want to (?:unsubscribe|opt out|be removed)",
	r"can (?:users|people|customers|they|recipients)", r"(?:wenn|falls|sollten) sie", r"klick",
	r"unsere(?:n)? (?:kunden|newsletter)", r"nicht (?:abmelden|austragen|löschen|entfernen)",
	r"si vous", r"cliqu", r"ne (?:me|nous) (?:désabonne|désinscri|supprime|retire)",
	r"si (?:usted|desea|no desea)", r"clic", r"haga", r"se (?:desidera|non desidera|vuole)",
	r"(?:als|indien) u", r"se (?:desejar|não desejar|você)", r"jeśli", r"kliknij", r"om du", r"hvis du",
	r"jos (?:haluat|et)", r"pokud",
)  # fmt: skip
