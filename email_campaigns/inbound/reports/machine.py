"""Whether a machine has sent a mail, by what no mail program of a person writes. Pure."""

from email_campaigns.inbound.mail.message import IncomingMail
from email_campaigns.inbound.reports import forms


def is_surely_by_machine(mail: IncomingMail) -> bool:
	"""Tell whether nobody can have written a mail by hand, such as a person who passes a report on."""
	headers = mail.headers
	# RFC 3834 §5.1
	answers = headers.get("auto-submitted").partition(";")[0].strip().lower()
	return (
		has_no_sender(mail)
		or mail.root.content_type == "multipart/report"
		or answers not in ("", "no")
		or bool(forms.DAEMONS.search(headers.get("from").lower()))
	)


def has_no_sender(mail: IncomingMail) -> bool:
	"""Tell whether a mail has the empty path of RFC 5321 §4.5.5, no author, or Exim's field of a report."""
	headers = mail.headers
	is_null = headers.get("return-path").replace(" ", "") == "<>"
	return is_null or not headers.get("from") or "x-failed-recipients" in headers
