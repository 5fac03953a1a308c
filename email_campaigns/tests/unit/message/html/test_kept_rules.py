"""Rules that stay in a sheet win over inlined styles, as they won over the rules that these come from."""

import pytest

from email_campaigns.message.html.inline import inline_styles
from email_campaigns.message.html.kept_rules import let_win, properties

SHEETS = {
	"@media (max-width:480px){h1{font-size:22px}}": "@media (max-width:480px){h1{font-size:22px !important}}",
	"a:hover{color:blue;top:0 ;}": "a:hover{color:blue !important;top:0 !important ;}",
	"@media print{p{color:red!important;top:0}}": "@media print{p{color:red!important;top:0 !important}}",
	"@supports (display:grid){@media print{p{top:0}}}": (
		"@supports (display:grid){@media print{p{top:0 !important}}}"
	),
	"p:hover{background:url(data:image/png;base64,a}b) red}": (
		"p:hover{background:url(data:image/png;base64,a}b) red !important}"
	),
	"p::before{content:'a;b:c}' /* x:y */;top:0}": (
		"p::before{content:'a;b:c}' !important /* x:y */;top:0 !important}"
	),
	"@font-face{font-family:Lato;src:url(x)}": "@font-face{font-family:Lato;src:url(x)}",
	"@media print{@keyframes k{from{top:0}}}": "@media print{@keyframes k{from{top:0}}}",
	"@page{margin:1cm} @import url(x);p:hover{top:0}": (
		"@page{margin:1cm} @import url(x);p:hover{top:0 !important}"
	),
	".of-nothing{top:0}": ".of-nothing{top:0}",
	"p:hover{color:}": "p:hover{color:}",
	"": "",
}


@pytest.mark.parametrize("css", SHEETS)
def test_declarations_become_important(css):
	assert let_win(css, ()) == SHEETS[css]


@pytest.mark.parametrize("own", ["padding", "padding-left", "padding-left-x"])
def test_what_style_attributes_of_the_template_set_wins_as_before(own):
	css = "@media print{td{padding-left:0;color:red}}"
	assert let_win(css, {own}) == "@media print{td{padding-left:0;color:red !important}}"


def test_properties_of_a_style_attribute():
	assert properties("Color:red;  padding-left : 0;x") == {"color", "padding-left"}


def test_a_phone_shows_its_own_size():
	html = inline_styles(
		"<html><head><style>h1{font-size:32px} @media (max-width:480px){h1{font-size:22px}}</style></head>"
		"<body><h1>x</h1></body></html>"
	)
	assert '<h1 style="font-size: 32px;">' in html
	assert "@media (max-width:480px){h1{font-size:22px !important}}" in html
