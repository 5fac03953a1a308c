"""What is each recipient's own in a mail: the view link, the tracked links and the open pixel. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from email_campaigns.tracking.links import LinkMaker
from email_campaigns.tracking.tokens import PREVIEW


@dataclass(frozen=True, slots=True)
class Target:
	"""What a name in a template stands for: a Tracking Link, and its address ("" for a page of its own)."""

	link: str
	url: str
	automatic: bool = False


class Personal:
	"""Makes what a template needs of one recipient. `tracked` is False for a mailing of which nothing is tracked."""

	def __init__(self, maker: LinkMaker, targets: Mapping[str, Target], *, tracked: bool = True):
		self._maker, self._targets, self._tracked = maker, targets, tracked
		self._links_by_name = {name: target.link for name, target in targets.items()}

	def __call__(self, message: int) -> dict:
		return {
			"view_url": self._maker.view(message),
			"open_url": self._maker.open(message),
			"tracking_url": self._links(message),
		}

	def _links(self, message: int):
		if not self._tracked or message == PREVIEW:
			return partial(self._untracked, self._maker.clicks(PREVIEW))
		links, click = self._links_by_name, self._maker.clicks(message)
		return lambda name: click(links[name])

	def _untracked(self, click, name: str) -> str:
		"""A preview leads to addresses that no Tracking Link holds yet; its other links work and count nothing."""
		target = self._targets[name]
		return target.url if target.automatic or (target.url and not self._tracked) else click(target.link)
