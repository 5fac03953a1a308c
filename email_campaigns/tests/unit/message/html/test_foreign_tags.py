"""Placeholders of other systems: each is named with what to write here, and nothing else is taken for one."""

import pytest

from email_campaigns.message.html.foreign_tags import foreign_tags, text_warnings

FIRST, LAST, EMAIL = "{{ doc.first_name }}", "{{ doc.last_name }}", "{{ doc.email }}"
BYE, VIEW, IF = "{{ unsubscribe_url }}", "{{ view_url }}", "{% if doc.… %} … {% endif %}"


@pytest.mark.parametrize(
	("tag", "advice"),
	[
		("*|FNAME|*", FIRST),
		("*|LNAME|*", LAST),
		("*|EMAIL|*", EMAIL),
		("*|IF:FNAME|*", IF),
		("*|END:IF|*", IF),
		("*|UNSUB|*", BYE),
		("*|ARCHIVE|*", VIEW),
		("*|BIRTHDAY|*", "{{ doc.birthday }}"),
		("[unsubscribe]", BYE),
		("[UNSUBSCRIBE]", BYE),
		("[first name]", FIRST),
		("[[first_name]]", FIRST),
		("%FIRSTNAME%", FIRST),
		("%UNSUBSCRIBELINK%", BYE),
		("%EMAIL%", EMAIL),
		("%%first_name%%", FIRST),
		("%%unsub_center_url%%", BYE),
		("%%=v(@FirstName)=%%", "{{ doc.v_first_name }}"),
		("{{contact.FIRSTNAME}}", FIRST),
		("{{ person.first_name }}", FIRST),
		("{{lead.First Name}}", FIRST),
		("{{ params.city }}", "{{ doc.city }}"),
		("{{ first_name|default:'there' }}", FIRST),
		("{{#if first_name}}", IF),
		("{{{Recipient.FirstName}}}", FIRST),
		("{Person.name}", FIRST),
		("{Contact.accountName}", "{{ doc.account_name }}"),
		("{contactfield=firstname}", FIRST),
		("{unsubscribe_url}", BYE),
		("{webview_url}", VIEW),
		("$firstname$", FIRST),
		("##name##", FIRST),
		("<%name%>", FIRST),
		("&lt;%= email %&gt;", EMAIL),
		("{!Contact.FirstName}", FIRST),
	],
)
class TestTag:
	def test_in_a_text(self, tag, advice):
		((name, line, text),) = foreign_tags(f"<p>Dear</p>\n<p>{tag},</p>")
		assert (name, line, text) == (tag, 2, advice)

	def test_in_a_link(self, tag, advice):
		assert [found.tag for found in foreign_tags(f'<a class="b" href="{tag}">x</a>')] == [tag]

	def test_in_a_subject(self, tag, advice):
		assert [found.advice for found in foreign_tags(f"For {tag}", html=False)] == [advice]

	def test_is_named_once(self, tag, advice):
		assert len(list(foreign_tags(f"{tag} and {tag}"))) == 1

	def test_in_styles_scripts_and_comments_is_none(self, tag, advice):
		hidden = f"<style>{tag}</style><script>{tag}</script><!-- {tag} --><p style='a: {tag}'>"
		assert list(foreign_tags(hidden)) == []


@pytest.mark.parametrize(
	"html",
	[
		"width: 100%; height: 50%",
		'<td width="100%" height="50%">100% or 50%</td>',
		"100%ige Qualität, 50%OFF%, 20% und 30%",
		"https://x.example/?a=%C3%A9%20FOO%20b%E2%82%AC%DATE&b=%7Bx%7D%20",
		"5$ or US$ 5 or $x",
		"## Title ## and #a## b",
		"{{ doc.first_name }} {{ first_name }} {{ unsubscribe_url }} {{ tracking_url('a') }}",
		"{% for contact in doc.contacts %}{{ contact.name }}{% endfor %}",
		"{% set user = doc %}{{ user.first_name }}",
		"{optOutUrl} {optOutLink} {trackingUrl:a}",
		'<a href="{{ unsubscribe_url }}">[Unsubscribe]</a>',
		'<a href="{{ unsubscribe_url }}"><b>[unsubscribe]</b></a>',
		"[1] see [2] or [this]",
		"<!--[if mso]><v:roundrect><![endif]-->",
		"a * b | c * d",
		"{color} {a.b}",
	],
)
def test_what_is_no_placeholder_of_another_system(html):
	assert list(foreign_tags(html)) == []


def test_a_template_that_cannot_be_read_has_no_warnings():
	number = "&#" + "9" * 5000 + ";"
	link = '<a href="http://shop.example/{{ unsubscribe_url }}">x</a>'
	assert len(list(text_warnings("s", link))) == 1
	assert list(text_warnings("s", f'{link}{{{{ "{number}" }}}}')) == []
