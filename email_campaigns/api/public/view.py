"""A mail in the browser, /ec/v/. The page is the mail itself, so it may have anything but scripts."""

from __future__ import annotations

from frappe import _
from werkzeug.wrappers import Response

from email_campaigns.api.public.page import Page, private_headers, respond
from email_campaigns.delivery import recompose_store
from email_campaigns.message.compile import RenderError, TemplateError
from email_campaigns.tracking.tokens import PREVIEW, Token

# Images and styles are allowed, as in a mail program; scripts, forms and frames are not.
POLICY = (
	"default-src 'none'; img-src * data:; style-src 'unsafe-inline'; font-src *; form-action 'none';"
	" base-uri 'none'; frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
	" allow-top-navigation-by-user-activation"
)


def answer_view(token: Token) -> Response:
	"""Answer with the mail of a token, as its recipient got it. Nothing is changed or counted."""
	if token.message == PREVIEW:
		line = _("This link belongs to a preview or a test. In a real mail, it shows that mail.")
		return respond(Page(_("Preview"), (line,)))
	try:
		html = recompose_store.view_sent_mail(token.message)
	except (TemplateError, RenderError):
		html = None
	if html is None:
		return respond(_gone())
	return Response(
		str(html), 200, {**private_headers(), "Content-Security-Policy": POLICY}, mimetype="text/html"
	)


def _gone() -> Page:
	line = _("This mail can no longer be shown in the browser. Please read it in your mail program.")
	return Page(_("This mail is too old"), (line,), status=410)
