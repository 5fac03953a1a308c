"""Which mails the signed clues in what came back lead to."""

import pytest

from email_campaigns.inbound.match import has_id_of_ours, signed_mails
from email_campaigns.inbound.understand import understand
from email_campaigns.inbound.values import Clues, Finding, Kind, Report
from email_campaigns.tracking.tokens import PREVIEW, TokenRing

RING = TokenRing({"ab12": b"a secret of this site"})
SEEN, OTHER = 7, 9  # mails of ours
ID = f"{RING.message_id_local_part(SEEN)}@mail.example"
LEAVE = RING.opt_out_local_part(SEEN, "crm")


def led_to(finding: Finding) -> list[int]:
	return list(signed_mails(finding, RING))


def mail_to(address: str, *headers: str) -> Finding:
	head = ["From: x@elsewhere.example", f"To: {address}", "Subject: unsubscribe", *headers]
	return understand("\n".join([*head, "", "unsubscribe", ""]).encode())


def test_an_opt_out_is_about_the_mail_whose_address_it_came_to():
	finding = mail_to(f"{LEAVE}@mail.example", f"In-Reply-To: <{RING.message_id_local_part(OTHER)}@x>")
	assert (finding.kind, led_to(finding)) == (Kind.OPT_OUT, [SEEN])


@pytest.mark.parametrize("box", [LEAVE[:-1] + "7", LEAVE[:-1] + "z", LEAVE.replace(".7.", ".9.")])
def test_whoever_has_seen_a_message_id_unsubscribes_nobody(box):
	forged = mail_to(f"{box}@mail.example", f"In-Reply-To: <{ID}>", f"References: <{ID}>")
	assert forged.kind is Kind.OPT_OUT
	assert led_to(forged) == []


def test_the_address_for_bounces_is_none_for_opt_outs():
	senders = (RING.verp_local_part(SEEN, "bounce"),)
	assert led_to(Finding(Kind.OPT_OUT, Clues(senders))) == []
	assert led_to(Finding(Kind.BOUNCE, Clues(senders))) == [SEEN]


def test_a_provider_vouches_for_an_opt_out_by_its_report():
	clues = Clues(message_ids=(ID,))
	assert led_to(Finding(Kind.OPT_OUT, clues, reports=(Report(Kind.OPT_OUT, "jo@mail.example"),))) == [SEEN]


def test_only_a_signature_proves_a_mail_and_a_preview_is_none():
	for message_id in (ID, ID.upper(), f"mail <{ID}> of today"):
		assert led_to(Finding(Kind.REPLY, Clues(message_ids=(message_id,)))) == [SEEN]
	forged = Finding(Kind.REPLY, Clues(message_ids=(f"ab12.9.{ID[7:]}",)))
	assert (led_to(forged), has_id_of_ours(forged)) == ([], True)
	preview = f"{RING.message_id_local_part(PREVIEW)}@x"
	assert led_to(Finding(Kind.REPLY, Clues(message_ids=(preview,)))) == []
