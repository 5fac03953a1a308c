"""The check list's findings on pictures, and on links to files. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from email_campaigns.mass_mailing.prepare.checks import ERROR, WARNING, Finding
from email_campaigns.mass_mailing.prepare.link_checks import listed
from email_campaigns.message.links.hrefs import leads_inside
from email_campaigns.message.links.pictures import is_loadable, private_file
from email_campaigns.text import Sentence, _lt


def picture_findings(pictures: Collection[str], links: Collection[str], own: str) -> Iterator[Finding]:
	"""Yield findings on the addresses of pictures and links; `own` is the site's address."""
	private = _private_files(pictures, own)
	if private:
		text = _lt(
			"Pictures that no recipient can see, because their files are private: {0}. Take “Is Private” off"
			" in the form of the File, and put the picture into the text again."
		)
		yield Finding(ERROR, Sentence(text, listed(private)))
	hidden = _private_files(links, own)
	if hidden:
		text = _lt(
			"Links to private files, which only users of this site can open: {0}. For everybody else take"
			" “Is Private” off in the form of the File, and copy its new address."
		)
		yield Finding(WARNING, Sentence(text, listed(hidden)))
	lost = [address for address in pictures if not private_file(address, own) and not is_loadable(address)]
	if lost:
		text = _lt("Pictures that no mail program can load, because their address is not a whole one: {0}")
		yield Finding(WARNING, Sentence(text, listed(lost)))
	inside = [address for address in pictures if not address.startswith(own) and leads_inside(address)]
	if inside:
		text = _lt("Pictures that only your own network can reach: {0}")
		yield Finding(WARNING, Sentence(text, listed(inside)))


def _private_files(addresses: Collection[str], own: str) -> list[str]:
	names = (private_file(address, own) for address in addresses)
	return list(dict.fromkeys(filter(None, names)))
