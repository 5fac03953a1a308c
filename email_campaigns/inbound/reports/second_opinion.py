"""flufl.bounce as a second opinion on addresses, where the forms here name none. Pure; never raises."""

from email.message import Message

from flufl.bounce import all_failures

from email_campaigns.inbound.mail.message import IncomingMail
from email_campaigns.inbound.reports.notice import Notice

CHARACTERS = 20_000
LINES = 300
LINE = 500  # its patterns take the square of the length of a line


def failed_addresses(mail: IncomingMail, notice: Notice) -> list[str]:
	"""Return the addresses that the library finds in the words of a report, sorted."""
	try:
		temporary, permanent = all_failures(_as_message(mail, notice))
	except Exception:  # 6.0.0 raises IndexError for a mail without From, and lets others through
		return []
	return sorted(address.decode("ascii", "replace") for address in temporary | permanent if b"@" in address)


def _as_message(mail: IncomingMail, notice: Notice) -> Message:
	"""Return the words as a short message of the standard library, which is what flufl.bounce reads."""
	message = Message()
	message["From"] = mail.headers.get("from").encode("ascii", "replace").decode() or "unknown@invalid"
	message["Subject"] = notice.subject.encode("ascii", "replace").decode()
	text = (notice.text + "\n" + notice.copy)[:CHARACTERS]
	message.set_payload("\n".join(line[:LINE] for line in text.split("\n")[:LINES]))
	return message
