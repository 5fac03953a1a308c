"""The known faults of the app that templates of tests/corpus show: {check: {template: reason}}.

A test of each is expected to fail, and the run fails when it no longer does: then its line goes.
"""

CSS_COMMENT = "{# in a style sheet is taken for a comment of Jinja, and the template is refused"
HIDDEN_BY_SHEET = "a text that a style sheet hides stands in the text part"
NO_TEXT = "the contents of <template> and <iframe> stand in the text part"
ALT = "the text in place of a linked picture is missing"
LAST_BODY = "</body> in a comment is taken for the end of the body"
OPEN_COMMENT = "footer and pixel stand in a comment that is never closed"
TWO_BODIES = "the footer stands before what follows the last </body>"
FLOATS = "the footer stands beside floating tables"
SAME_COLOUR = "the unsubscribe link takes the colour that a style sheet gives to all links"
BY_ADDRESS = "a rule for links by their address no longer matches once they are tracked"
CONDITIONS = "an inlined declaration beats the rule of a phone, which is not !important"
DOCTYPE = "inlining replaces the doctype, and so the layout mode"

KNOWN = {
	"compiles": {
		"hubspot/drag_drop": CSS_COMMENT,
	},
	"hidden": {
		"handwritten/mail_in_textarea": NO_TEXT,
		"handwritten/media_without_important": HIDDEN_BY_SHEET,
	},
	"pictures": {
		"foundation/block_grid": ALT,
		"handwritten/data_pictures": ALT,
		"handwritten/image_map": ALT,
		"mailchimp/boxed_images": ALT,
		"mjml/carousel": ALT,
	},
	"footer_seen": {
		"handwritten/body_in_comment": LAST_BODY,
		"handwritten/unclosed_comment": OPEN_COMMENT,
		"handwritten/white_links": SAME_COLOUR,
		"hubspot/drag_drop": CSS_COMMENT,
	},
	"addresses": {
		"hubspot/blog_digest": BY_ADDRESS,
	},
	"looks": {
		"handwritten/body_twice": TWO_BODIES,
		"handwritten/floats": FLOATS,
		"handwritten/media_without_important": CONDITIONS,
		"hubspot/blog_digest": BY_ADDRESS,
		"hubspot/drag_drop": CSS_COMMENT,
		"outlook/express": DOCTYPE,
		"outlook/xhtml_gap": DOCTYPE,
	},
}
