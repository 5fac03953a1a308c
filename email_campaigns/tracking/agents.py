"""User agents of those who fetch what is in mails without a person: who they are, by what they call themselves. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache

MOST_KEPT = 4096  # answers that are remembered: a mailing is read with a few hundred different programs
CHUNK = 50  # patterns in one expression


class PatternNames:
	"""A table {name: pattern without regard to case}; the first that is found names the agent."""

	def __init__(self, patterns: Mapping[str, str]):
		self._patterns = [(name, re.compile(pattern, re.IGNORECASE)) for name, pattern in patterns.items()]

	def name_of(self, agent: str) -> str:
		return next((name for name, pattern in self._patterns if pattern.search(agent)), "")


# They fetch an image when a person opens the mail, in the person's place: an open, though of an unknown device.
PROXIES = PatternNames(
	{
		"Gmail's image proxy": r"GoogleImageProxy",
		"Yahoo's image proxy": r"YahooMailProxy",
		"Fastmail's image proxy": r"FastmailUA",
		"Proton Mail's image proxy": r"ProtonMail|Proton-?Mail",
		"Shortwave's image proxy": r"Shortwave Image Fetcher",
		"DuckDuckGo's image proxy": r"DuckDuckGo-Email",
	}
)

# They fetch every image of every mail when it arrives, so that nobody learns who opened it.
PREFETCHERS = PatternNames(
	{
		# All that its proxies say of themselves, whatever the device
		"Apple Mail Privacy Protection": r"^Mozilla/5\.0$",
		"Gmail's prefetch": r"Chrome/42\.0\.2311\.135 Safari/537\.36 Edge/12\.246 Mozilla/5\.0$",
	}
)

SCANNERS = PatternNames(
	{
		"Barracuda": r"barracuda",
		"Mimecast": r"mimecast",
		"Proofpoint": r"proofpoint|pphosted|urldefense",
		"Microsoft Defender": r"safe\s?links|microsoft-?atp|Office (?:Existence|Protocol) Discovery",
		"Symantec": r"symantec|messagelabs|brightmail|blue\s?coat",
		"Cisco": r"ironport|cisco[- ](?:esa|talos|secure)|opendns|umbrella",
		"Trend Micro": r"trend\s?micro|\btmase\b",
		"Sophos": r"sophos",
		"Trellix": r"fireeye|trellix|mcafee",
		"Fortinet": r"fortinet|forti(?:mail|guard|gate|sandbox)",
		"Forcepoint": r"forcepoint|websense",
		"Zscaler": r"zscaler",
		"Check Point": r"avanan|check\s?point",
		"Vade": r"vade\s?secure|\bvade\b",
		"Bitdefender": r"bitdefender",
		"Kaspersky": r"kaspersky",
		"ESET": r"\beset\b",
		"Cloudmark": r"cloudmark",
		"Hornetsecurity": r"hornetsecurity",
		"SpamExperts": r"spamexperts",
		"Palo Alto Networks": r"palo\s?alto|wildfire",
		"Netcraft": r"netcraft",
		"VirusTotal": r"virustotal",
		"urlscan.io": r"urlscan",
		"PhishTank": r"phish(?:tank|labs|er)",
		"Cofense": r"cofense",
		"Ironscales": r"ironscales",
		"Spamhaus": r"spamhaus",
		"SURBL": r"\bsurbl\b",
		"an antivirus program": r"clamav|dr\.?web\b|f-secure|antivirus",
	}
)

# What the published list does not name. CUBOT makes telephones.
GENERIC = re.compile(
	r"(?<!cu)bot(?:[/;),_ +-]|$)|crawler|spider|scanner|\bsandbox\b|headless|phantomjs"
	r"|^(?:java|ruby|perl|php|lua|dart|python|go|rust|erlang|elixir|node|deno|bun)\b"
	r"|^(?:faraday|rest-client|http\.rb|typhoeus|guzzle|reqwest|ureq|hyper|pycurl|libcurl|urlgrabber|undici|hackney)"
	r"|httpclient|http_request|winhttp|powershell|lwp::|python-|^axios|^got\b|postman|insomnia"
	r"|link\s?(?:checker|preview|expander|validator)|url\s?(?:preview|checker|resolver|expander)",
	re.IGNORECASE,
)
# As short as no browser writes it
STUB = re.compile(
	r"^(?:Mozilla(?:/\d\.\d)?(?: \((?:compatible|Windows|X11|Macintosh)?;?\))?|-|null|undefined|none|test)$",
	re.I,
)

# Patterns of the published list that also match the programs of people: an edition of Android that is on millions of
# telephones, and the proxies above.
NOT_ROBOTS = frozenset(
	(
		r"AP3A\.240617\.008",
		"GoogleImageProxy",
		"YahooMailProxy",
		"FastmailUA",
		"Shortwave Image Fetcher",
		r"StartpagePrivateImageProxy\/",
	)
)


@lru_cache(maxsize=MOST_KEPT)
def prefetcher(agent: str) -> str:
	"""Return which service fetched this when the mail arrived, "" where none did."""
	return PREFETCHERS.name_of(agent.strip())


@lru_cache(maxsize=MOST_KEPT)
def scanner(agent: str) -> str:
	"""Return the security product as a sentence's part, "" where it is none."""
	name = SCANNERS.name_of(agent)
	return f"Security scanner: {name}" if name else ""


@lru_cache(maxsize=MOST_KEPT)
def known_robot(agent: str) -> str:
	"""Return why an agent is no browser or mail program, "" where it may be one."""
	if STUB.search(agent.strip()):
		return "No browser calls itself so"
	if GENERIC.search(agent) or any(pattern.search(agent) for pattern in _published()):
		return "A known robot"
	return ""


@cache
def _published() -> list[re.Pattern]:
	# Read at the first hit: most processes never judge one.
	from crawleruseragents import CRAWLER_USER_AGENTS_DATA

	patterns = [each["pattern"] for each in CRAWLER_USER_AGENTS_DATA if each["pattern"] not in NOT_ROBOTS]
	return [re.compile("|".join(patterns[at : at + CHUNK])) for at in range(0, len(patterns), CHUNK)]
