"""The rules about who speaks: no person is a machine, and no mail takes long."""

import random
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.inbound.mail.ids import clues
from email_campaigns.inbound.mail.message import MailError, read
from email_campaigns.inbound.mail.recognise import recognise
from email_campaigns.inbound.speech.leaving import asks_to_leave
from email_campaigns.inbound.speech.speaker import said
from email_campaigns.inbound.speech.written import without_quotes
from email_campaigns.inbound.values import Kind

HEADERS = "Return-Path: <ada@customer.example>\nFrom: ada@customer.example\nIn-Reply-To: <a@crm.example>\n"


def judged(text="Yes, please.", subject="Re: Offer", headers=""):
	lines = f"{HEADERS}{headers}Subject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
	return said(read(lines.encode("utf-8", "replace")))


WORDS = st.sampled_from(
	[
		"I am out of the office until 5 December.", "Automatic reply:", "Abwesenheitsnotiz",
		"no longer with the company",
		"your request has been received", "yes", "please", "STOP", "auto-reply", "was read on",
		"Your message", "\n", "> ", "\n\n",
	]
)  # fmt: skip
# What mail systems write into people's mail
PEOPLES_HEADERS = st.sampled_from(
	["", "X-Auto-Response-Suppress: All\n", "Auto-Submitted: no\n", "X-Autoreply: no\n",
	"Thread-Topic: Automatic reply\n"]
)  # fmt: skip


@given(st.lists(WORDS | st.text(max_size=20), max_size=30).map(" ".join), PEOPLES_HEADERS)
def test_words_alone_make_no_answer_automatic(text, headers):
	assert judged(f"Hi,\n{text}", headers=headers).kind is Kind.REPLY


@given(st.sampled_from(["Re:", "RE:", "AW:", "Fwd:", "SV:", "Odp:", "R:", "Antw:", "VS:", "TR:"]), WORDS)
def test_who_answers_an_automatic_answer_is_a_person(prefix, words):
	subject = f"{prefix} {words.strip()}".replace("\n", " ")
	assert judged("I am out of the office, but yes.", subject).kind is Kind.REPLY


@given(
	st.sampled_from(["Precedence: bulk\n", "Precedence: list\nList-Id: <a.b>\n", "X-Loop: a@b.example\n"]),
	WORDS,
)
def test_a_list_or_a_ticket_system_makes_no_person_a_machine(headers, words):
	text = words.replace("your request has been received", "yes")
	assert judged(f"Hi,\n{text}", headers=headers).kind is Kind.REPLY


AUTOMATIC = (
	"Auto-Submitted: auto-replied\n",
	"Auto-Submitted: Auto-Generated\n",
	"Auto-Submitted: auto-replied; owner-email=a@b.example\n",
	"X-Autoreply: yes\n",
	"X-Autorespond: 1\n",
	"X-Auto-Reply-From: a@b.example\n",
	"X-Mail-Autoreply: autoreply\n",
	"Precedence: auto_reply\n",
	"X-FC-MachineGenerated: true\n",
	"X-POST-MessageClass: 9; Autoresponder\n",
	"Delivered-To: Autoresponder\n",
)


@pytest.mark.parametrize("header", AUTOMATIC)
def test_a_header_of_machines_makes_an_answer_automatic(header):
	result = judged(headers=header)
	assert result.kind is Kind.AUTOMATIC
	assert header.partition(":")[0].lower() in str(result.why).lower()


@pytest.mark.parametrize(
	"path", ["<>", "< >", "<> (from mx.example)", "<MAILER-DAEMON>", "MAILER-DAEMON@mx.example"]
)
def test_without_a_return_path_it_is_a_machine(path):
	mail = f"Return-Path: {path}\nFrom: ada@customer.example\nSubject: Re: Offer\n"
	assert said(read(f"{mail}\nYes\n".encode())).kind is Kind.AUTOMATIC
	assert said(read(f"{mail}Resent-From: bob@customer.example\n\nYes\n".encode())).kind is Kind.REPLY


@pytest.mark.parametrize(
	"header",
	[
		"Delivered-To: ada@autoresponder.example\n",
		"Delivered-To: autoresponder@customer.example\n",
		"X-Mailer: Vacation Rentals CRM 2\n",
		"X-Mailer: Automail\n",
		"Precedence: automobile\n",
		"X-FC-MachineGenerated: false\n",
		"X-Automation: none\n",
		"X-Auto-Response-Suppress: AutoReply\n",
	],
)
def test_a_header_that_only_sounds_like_a_machines_makes_nobody_one(header):
	assert judged(headers=header).kind is Kind.REPLY


def test_the_wish_of_a_machine_is_no_wish():
	assert judged("Please remove me from your list.").asks_to_leave
	assert not judged("Please remove me from your list.", headers=AUTOMATIC[0]).asks_to_leave


WISHES = (
	"STOP", "stop!", "Unsubscribe.", "Hello,\n\nunsubscribe please\n\nAda", "Take me off this list!",
	"I no longer wish to receive these mails.", "Do not contact me again", "Opt out",
	"No more emails, please!",
	"Bitte abmelden", "Bitte keine weiteren Mails.", "Löschen Sie meine Adresse aus Ihrem Verteiler.",
	"Désinscrivez-moi", "Je ne veux plus recevoir vos messages.", "Désabonnement", "Baja",
	"Quiero darme de baja.",
	"Cancellatemi dalla lista", "Disiscrivimi", "Afmelden", "Stuur mij geen mail meer", "Descadastrar",
	"Não desejo receber mais emails.", "Proszę nie wysyłać mi więcej wiadomości.", "Wypiszcie mnie",
	"Avregistrera", "Sluta skicka mejl", "Afmeld", "Meld meg av", "Älkää lähettäkö minulle enää viestejä.",
	"Odhlásit", "Už mi neposílejte nabídky.",
)  # fmt: skip
NO_WISHES = (
	"Stop by our office.", "I don't want to unsubscribe, I love it.", "How can customers unsubscribe?",
	"Please remove the second item from my order.", "Please don't stop sending these!",
	"Cancel the meeting, please.",
	"If you wish no more mails from us, click here to unsubscribe me.", "Kann ich den Termin absagen?",
	"Bitte entfernen Sie Position 3 aus dem Angebot.", "Bitte löschen Sie das alte Angebot.",
	"Ja, bitte anmelden.",
	"Wenn Sie keine weiteren Mails wünschen, antworten Sie.",
	"Comment nos clients peuvent-ils se désabonner ?",
	"Vorrei cancellare l'appuntamento.", "Quero cancelar o meu pedido.", "Vi kan ta denne i møtet.",
	"Can you take me through your list of prices?", "The bus stop is in front of our office.",
	"Remove the attachment.",
)  # fmt: skip


@pytest.mark.parametrize("text", WISHES)
def test_a_wish_to_leave_is_seen(text):
	assert asks_to_leave(text)


@pytest.mark.parametrize("text", NO_WISHES)
def test_other_words_are_no_wish(text):
	assert not asks_to_leave(text)


@given(
	st.lists(
		st.text(max_size=30) | st.sampled_from([">", "--", "From: a", "Sent: b", "On 3 wrote:"]), max_size=30
	)
)
def test_text_without_quotes_is_made_of_lines_of_the_text(lines):
	own = without_quotes("\n".join(lines))
	assert own == own.strip("\n")
	assert not any(line.startswith(">") for line in own.split("\n"))
	assert len(own) <= sum(len(line) + 1 for line in lines)


HOSTILE = {
	"lines of >": ">\n",
	"line ends": "\n",
	"carriage returns": "\r",
	"blanks": " ",
	"NULs": "\0",
	"colons": ":\n",
	"attributions": "On 3 wrote:\n",
	"headers": "From: a\nTo: b\n",
	"separators": "-----Original Message-----",
	"rules": "-----\n",
	"phones": "Sent from a\n",
	"wishes": "please remove ",
	"absences": "not at my office until 1.1. ",
	"letters": "a",
	"tags": "<div>",
	"blockquotes": "<blockquote>",
	"open formats": "<b><p>",
	"acknowledgements": "your request has ",
}


@pytest.mark.parametrize("content_type", ["text/plain", "text/html"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_is_judged_in_linear_time(name, content_type):
	"""The bound is some five times what is measured for 1 MB."""
	head = f"{HEADERS}Auto-Submitted: auto-replied\nSubject: Out of office\nContent-Type: {content_type}\n\n"
	mail = read((head + HOSTILE[name] * (1_000_000 // len(HOSTILE[name]))).encode())
	started = process_time()
	assert said(mail).kind is Kind.AUTOMATIC
	assert process_time() - started < 1


@pytest.mark.parametrize(
	"header", ["References", "Subject", "To", "Auto-Submitted", "Date", "From", "X-Mailer"]
)
def test_a_hostile_header_is_judged_in_linear_time(header):
	mail = read(f"{header}: {'<a@b.example> ' * 10_000}\nFrom: ada@customer.example\n\nYes\n".encode())
	started = process_time()
	assert said(mail).kind in (Kind.REPLY, Kind.AUTOMATIC)
	assert process_time() - started < 1


def test_no_mutation_of_a_mail_raises_an_error():
	mails = [
		p.read_bytes() for p in sorted((Path(__file__).parents[2] / "data/inbound/speech").glob("*.eml"))
	]
	dice = random.Random(20261129)
	for _ in range(3000):
		mail = bytearray(dice.choice(mails))
		for _ in range(dice.randrange(1, 20)):
			at = dice.randrange(len(mail))
			mail[at : at + dice.randrange(4)] = dice.choice(
				(b"", b"\0", b"\xff", b"\n", b"=?utf-8?q?", b"99", b"\n\n")
			)
		try:
			parsed = read(bytes(mail))
		except MailError:
			continue
		assert said(parsed).text is not None
		assert clues(parsed) is not None
		assert recognise(bytes(mail), lambda text: False) in (True, False)
