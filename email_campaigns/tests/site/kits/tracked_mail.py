"""For tests of tracking: a mailing that was really sent, the URLs in its mails, and a visitor."""

from __future__ import annotations

import email
import email.policy
import re
from html import unescape

import frappe

from email_campaigns.tests.site.kits.builders import a_campaign, a_list, a_mailing, address
from email_campaigns.tests.site.kits.sending_test import SendingTest
from email_campaigns.tests.site.kits.visitor import Visitor

JO = address("jo")
CHROME = (
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
	" Chrome/126.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"
SHOP = "https://shop.example/spring?size=4&colour=red"
HTML = f'<p>Hello <a href="{SHOP.replace("&", "&amp;")}">the shop</a></p>'


def a_link(title="Offer", **values) -> str:
	"""Make a Tracking Link, durable."""
	values = {"url": "https://offer.example/", "campaign": values.pop("campaign", None), **values}
	doc = frappe.get_doc({"doctype": "Tracking Link", "title": title, **values}).insert()
	frappe.db.commit()
	return doc.name


class TrackingTest(SendingTest):
	def setUp(self):
		super().setUp()
		self.visitor = Visitor()
		self.campaign = a_campaign()

	def sent(self, html: str = HTML, *, to: tuple[str, ...] = (JO,), campaign: str = "", **values) -> str:
		"""Send a mailing, and let it be an hour ago, so that a person may have read it."""
		name = a_mailing(a_list(*to), html=html, campaign=campaign or self.campaign, **values)
		self.send(name)
		frappe.db.sql(
			"UPDATE `tabCampaign Message` SET sent_at = sent_at - INTERVAL 1 HOUR WHERE source = %s", name
		)
		frappe.db.commit()
		return name

	def received_html(self, recipient: str = JO) -> str:
		return self._part(recipient, "html")

	def received_text(self, recipient: str = JO) -> str:
		return self._part(recipient, "plain")

	def _part(self, recipient: str, kind: str) -> str:
		mail = [mail for mail in self.server.messages if recipient in mail.recipients][-1]
		parsed = email.message_from_bytes(mail.content, policy=email.policy.SMTP)
		return parsed.get_body((kind,)).get_content()

	def urls(self, kind: str, recipient: str = JO) -> list[str]:
		"""Return the app's URLs of a kind in a received mail, such as those of clicks ("c")."""
		urls = re.findall(rf'(?:href|src)="([^"]*/ec/{kind}/[^"]*)"', self.received_html(recipient))
		return [unescape(url) for url in urls]

	def link(self, place: int = 0, recipient: str = JO) -> str:
		return self.urls("c", recipient)[place]

	def pixel(self, recipient: str = JO) -> str:
		return self.urls("o", recipient)[0]

	def get(self, url: str, agent: str = CHROME, *, visitor: Visitor | None = None, headers=None, **options):
		headers = {"User-Agent": agent, **(headers or {})}
		return (visitor or self.visitor).get(url, headers=headers, **options)

	def hits(self, name: str) -> list:
		"""Return the opens and clicks of a mailing in the log."""
		frappe.db.rollback()
		filters = {"source": name, "action": ["in", ["Opened", "Clicked"]]}
		fields = [
			"action",
			"verdict",
			"reason",
			"link",
			"client",
			"email",
			"message",
			"cc_message",
			"details",
		]
		return frappe.get_all("Campaign Log", filters, fields, order_by="name")

	def verdicts(self, name: str) -> list[tuple[str, str]]:
		"""Return (action, verdict) of each hit of a mailing."""
		return [(hit.action, hit.verdict) for hit in self.hits(name)]

	def stamps(self, name: str, email: str = JO) -> tuple[bool, bool]:
		"""Return whether the ledger has the mail as (opened, clicked)."""
		frappe.db.rollback()
		fields = ["opened_at", "clicked_at"]
		row = frappe.db.get_value("Campaign Message", {"source": name, "email": email}, fields)
		return bool(row[0]), bool(row[1])

	def message(self, name: str, email: str = JO) -> int:
		return frappe.db.get_value("Campaign Message", {"source": name, "email": email}, "name")
