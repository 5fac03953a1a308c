"""User agents of bots and proxies, recognised by what they call themselves. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from email_campaigns.text import Sentence, _lt

CACHED_AGENTS = 4096  # a mailing is read with a few hundred different user agents
CHUNK = 50  # patterns in one expression


class PatternNames:
	"""A table {name: pattern}; the first pattern that occurs in a user agent names it, in whatever case."""

	def __init__(self, patterns: Mapping[str, str]):
		self._patterns = [(name, re.compile(pattern, re.IGNORECASE)) for name, pattern in patterns.items()]

	def find_name(self, agent: str) -> Sentence:
		"""Return the name of a user agent, an empty sentence where no pattern occurs in it."""
		return Sentence(self._first_name(agent))

	def _first_name(self, agent: str) -> str:
		return next((name for name, pattern in self._patterns if pattern.search(agent)), "")


# They fetch an image in a person's place when the person opens the mail: an open, though of an unknown
# device.
PROXIES = PatternNames(
	{
		_lt("Gmail's image proxy"): r"GoogleImageProxy",
		_lt("Yahoo's image proxy"): r"YahooMailProxy",
		_lt("Fastmail's image proxy"): r"FastmailUA",
		_lt("Proton Mail's image proxy"): r"ProtonMail|Proton-?Mail",
		_lt("Shortwave's image proxy"): r"Shortwave Image Fetcher",
		_lt("DuckDuckGo's image proxy"): r"DuckDuckGo-Email",
	}
)

# They fetch every image of every mail when it arrives, so that nobody learns who opened it.
PREFETCHERS = PatternNames(
	{
		# This is all that its proxies send, whatever the device.
		_lt("Apple Mail Privacy Protection"): r"^Mozilla/5\.0$",
		_lt("Gmail's prefetch"): r"Chrome/42\.0\.2311\.135 Safari/537\.36 Edge/12\.246 Mozilla/5\.0$",
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
		_lt("an antivirus program"): r"clamav|dr\.?web\b|f-secure|antivirus",
	}
)

# Bots that the published list does not name. CUBOT makes telephones.
GENERIC = re.compile(
	r"(?<!cu)bot(?:[/;),_ +-]|$)|crawler|spider|scanner|\bsandbox\b|headless|phantomjs"
	r"|^(?:java|ruby|perl|php|lua|dart|python|go|rust|erlang|elixir|node|deno|bun)\b"
	r"|^(?:faraday|rest-client|http\.rb|typhoeus|guzzle|reqwest|ureq|hyper|pycurl|libcurl|urlgrabber|undici"
	r"|hackney)"
	r"|httpclient|http_request|winhttp|powershell|lwp::|python-|^axios|^got\b|postman|insomnia"
	r"|link\s?(?:checker|preview|expander|validator)|url\s?(?:preview|checker|resolver|expander)",
	re.IGNORECASE,
)
# Shorter than any browser writes it
STUB = re.compile(
	r"^(?:Mozilla(?:/\d\.\d)?(?: \((?:compatible|Windows|X11|Macintosh)?;?\))?|-|null|undefined|none|test)$",
	re.I,
)

# Patterns of the published list that match people's user agents too: a build of Android that is on millions
# of telephones, and the proxies above.
NOT_BOTS = frozenset(
	(
		r"AP3A\.240617\.008",
		"GoogleImageProxy",
		"YahooMailProxy",
		"FastmailUA",
		"Shortwave Image Fetcher",
		r"StartpagePrivateImageProxy\/",
	)
)


@lru_cache(maxsize=CACHED_AGENTS)
def prefetcher(agent: str) -> Sentence:
	"""Return the service that fetched this when the mail arrived, an empty sentence where none did."""
	return PREFETCHERS.find_name(agent.strip())


@lru_cache(maxsize=CACHED_AGENTS)
def scanner(agent: str) -> Sentence:
	"""Return a sentence that names the security product, an empty one where it is none."""
	name = SCANNERS.find_name(agent)
	return Sentence(_lt("Security scanner: {0}"), name) if name else Sentence("")


@lru_cache(maxsize=CACHED_AGENTS)
def known_bot(agent: str) -> Sentence:
	"""Return why an agent is no browser or mail program, an empty sentence where it may be one."""
	if STUB.search(agent.strip()):
		return Sentence(_lt("No browser has such a short name"))
	if GENERIC.search(agent) or any(pattern.search(agent) for pattern in _published_patterns()):
		return Sentence(_lt("A known bot"))
	return Sentence("")


@cache
def _published_patterns() -> list[re.Pattern[str]]:
	# Imported when the first hit is judged: most processes never judge one.
	from crawleruseragents import CRAWLER_USER_AGENTS_DATA

	patterns = [entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA if entry["pattern"] not in NOT_BOTS]
	return [re.compile("|".join(patterns[start : start + CHUNK])) for start in range(0, len(patterns), CHUNK)]
