"""The known faults of the app that templates of tests/corpus show: {check: {template: reason}}.

A test of each is expected to fail, and the run fails when it no longer does: then its line goes.
"""

CSS_COMMENT = "{# in a style sheet is taken for a comment of Jinja, and the template is refused"
SHORT_COMMENT = "<!--> is taken for the begin of a comment: its link is not tracked"
REFERENCES = "&section= in an address becomes §ion="
ODD_END = "--!> is not taken for the end of a comment"
HIDDEN = "a hidden text stands in the text part"
HIDDEN_BY_SHEET = "a text that a style sheet hides stands in the text part"
NO_TEXT = "the contents of <template> and <iframe> stand in the text part"
ALT = "the text in place of a linked picture is missing"
GLUED = "the address of a linked picture is joined to the next word"
LAST_BODY = "</body> in a comment is taken for the end of the body"
OPEN_COMMENT = "footer and pixel stand in a comment that is never closed"
TWO_BODIES = "the footer stands before what follows the last </body>"
FLOATS = "the footer stands beside floating tables"
SAME_COLOUR = "the unsubscribe link takes the colour that a style sheet gives to all links"
BY_ADDRESS = "a rule for links by their address no longer matches once they are tracked"
CONDITIONS = "an inlined declaration beats the rule of a phone, which is not !important"
DOCTYPE = "inlining replaces the doctype, and so the layout mode"
LINK = "<link rel=stylesheet> switches inlining off"
LINK_IN_COMMENT = "<link rel=stylesheet> in a comment switches inlining off"
TBODY = "tables with and without <tbody> switch inlining off"
RAW_TEXT = "tags in a <textarea> switch inlining off"

KNOWN = {
	"compiles": {"hubspot/drag_drop": CSS_COMMENT},
	"links": {
		"beefree/list_video": SHORT_COMMENT,
		"handwritten/entities": REFERENCES,
		"handwritten/odd_comments": ODD_END,
		"hubspot/drag_drop": CSS_COMMENT,
		"mailchimp/new_builder": SHORT_COMMENT,
		"mjml/carousel": SHORT_COMMENT,
		"mjml/not_mso_link": SHORT_COMMENT,
	},
	"words": {"hubspot/drag_drop": CSS_COMMENT, "stripo/products": GLUED},
	"hidden": {
		"beefree/rows": HIDDEN_BY_SHEET,
		"cerberus/fluid": HIDDEN,
		"foundation/block_grid": HIDDEN,
		"foundation/inky": HIDDEN,
		"handwritten/long_preheader": HIDDEN,
		"handwritten/mail_in_textarea": NO_TEXT,
		"handwritten/media_without_important": HIDDEN_BY_SHEET,
		"hubspot/drag_drop": CSS_COMMENT,
		"mailchimp/classic": HIDDEN,
		"mailchimp/new_builder": HIDDEN,
		"mjml/arabic": HIDDEN,
		"mjml/button": HIDDEN,
	},
	"pictures": {
		"beefree/dark_social": ALT,
		"beefree/list_video": ALT,
		"beefree/rows": ALT,
		"foundation/block_grid": ALT,
		"handwritten/data_pictures": ALT,
		"handwritten/image_map": ALT,
		"hubspot/drag_drop": CSS_COMMENT,
		"mailchimp/boxed_images": ALT,
		"mjml/carousel": ALT,
		"mjml/social": ALT,
		"outlook/xhtml_gap": ALT,
		"stripo/menu": ALT,
		"stripo/products": ALT,
		"word/picture": ALT,
	},
	"footer": {
		"handwritten/body_in_comment": LAST_BODY,
		"handwritten/unclosed_comment": OPEN_COMMENT,
		"hubspot/drag_drop": CSS_COMMENT,
	},
	"footer_seen": {
		"handwritten/body_in_comment": LAST_BODY,
		"handwritten/unclosed_comment": OPEN_COMMENT,
		"handwritten/white_links": SAME_COLOUR,
		"hubspot/drag_drop": CSS_COMMENT,
	},
	"addresses": {"hubspot/blog_digest": BY_ADDRESS, "hubspot/drag_drop": CSS_COMMENT},
	"inlining": {
		"apple_mail/rich_text": DOCTYPE,
		"foundation/menu_callout": DOCTYPE,
		"hubspot/drag_drop": CSS_COMMENT,
		"outlook/bulletproof": DOCTYPE,
		"outlook/express": DOCTYPE,
		"outlook/xhtml_gap": DOCTYPE,
		"stripo/basic": DOCTYPE,
	},
	"styles": {
		"beefree/dark_social": TBODY,
		"beefree/list_video": TBODY,
		"beefree/rows": LINK,
		"cerberus/fluid": LINK_IN_COMMENT,
		"foundation/block_grid": LINK,
		"foundation/inky": TBODY,
		"handwritten/preformatted": RAW_TEXT,
		"handwritten/white_links": LINK,
		"hubspot/drag_drop": CSS_COMMENT,
		"mailchimp/boxed_images": TBODY,
		"mailchimp/classic": TBODY,
		"mailchimp/new_builder": LINK,
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
