"""The links of one recipient's mail, made of the targets of its text. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from email_campaigns.delivery.compose.sent_text import LinkTarget
from email_campaigns.tracking.links import LinkMaker
from email_campaigns.tracking.tokens import PREVIEW


class PersonalLinks:
	"""Makes the links of one recipient. Informational mail tracks nothing."""

	def __init__(self, maker: LinkMaker, targets: Mapping[str, LinkTarget], *, informational: bool = False):
		self._maker, self._targets, self._informational = maker, targets, informational
		self._links_by_name = {name: target.link for name, target in targets.items()}

	def __call__(self, message: int) -> dict[str, object]:
		return {
			"view_url": self._maker.view(message),
			"open_url": self._maker.open(message),
			"tracking_url": self._links(message),
		}

	def _links(self, message: int) -> Callable[[str], str]:
		if self._informational or message == PREVIEW:
			return partial(self._untracked, self._maker.clicks(PREVIEW))
		links, click = self._links_by_name, self._maker.clicks(message)
		return lambda name: click(links[name])

	def _untracked(self, click: Callable[[str], str], name: str) -> str:
		"""Return the link of a preview, which counts nothing."""
		target = self._targets[name]
		return target.url or click(target.link)
