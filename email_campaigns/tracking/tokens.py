"""Signed tokens for the links in mails, and Message-IDs and addresses that lead back to the ledger. Pure.

A token names one message and one link of it, but no address and no person. It is
`<key id>.<message in hex>.<link>.<signature>`: anybody can read it, nobody can change or guess it.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from binascii import b2a_base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from itsdangerous import BadSignature, Signer
from itsdangerous.signer import SigningAlgorithm

PURPOSES = frozenset({"open", "click", "unsubscribe", "view", "attachment", "device", "confirm"})
PREVIEW = 0  # the message of a preview or a test mail: it has no ledger row

# RFC 2104, section 5 allows an HMAC cut to half. 18 bytes are 24 characters without a spare bit, so that no
# second spelling of a signature exists.
SIGNATURE_BYTES = 18
MESSAGE_ID_BYTES = 16
# An address has little room: 24 characters of base32 without a spare bit. RFC 2104 wants at least 80 bits.
ADDRESS_BYTES = 15
LOCAL_PART = 64  # RFC 5321, section 4.5.3.1.1
LINK_LENGTH = 12

_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))  # RFC 2104, section 2
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_KEY_ID = re.compile(r"[A-Za-z0-9]{1,4}", re.ASCII)
_LINK = re.compile(rf"[A-Za-z0-9_-]{{0,{LINK_LENGTH}}}", re.ASCII)
_HEX = r"(0|[1-9a-f][0-9a-f]{0,15})"
_TOKEN = re.compile(
	rf"([A-Za-z0-9]{{1,4}})\.{_HEX}\.([A-Za-z0-9_-]{{0,{LINK_LENGTH}}})\.[A-Za-z0-9_-]{{24}}", re.ASCII
)
_MESSAGE_ID = re.compile(rf"([a-z0-9]{{1,4}})\.{_HEX}\.([0-9a-f]{{{2 * MESSAGE_ID_BYTES}}})", re.ASCII)
_VERP, _OPT_OUT = "verp", "opt-out"  # purposes of tokens in addresses
# A key id has no five characters, so nothing is both.
_OPT_OUT_MARK = "leave."
_IN_ADDRESS = re.compile(rf"(leave\.)?(([a-z0-9]{{1,4}})\.{_HEX})\.([a-z2-7]{{24}})", re.ASCII)


class BadToken(Exception):
	"""The token is damaged, was made for another purpose, or is signed with an unknown key."""


class Token(NamedTuple):
	"""What a token names; `link` is "" for the message itself."""

	message: int
	link: str


class TokenRing:
	"""Signs with the first secret of `secrets`, {key id: secret}, and verifies with all of them.

	Raises ValueError for an empty ring or a key id that is not one to four ASCII letters or digits in
	lowercase.
	"""

	def __init__(self, secrets: Mapping[str, bytes]):
		if not secrets or not all(_KEY_ID.fullmatch(kid) and kid == kid.lower() for kid in secrets):
			raise ValueError("A ring needs secrets under key ids of one to four lowercase letters or digits")
		self._current = next(iter(secrets))
		# Derived once: up to 20 tokens are signed for each mail.
		self._signers = {
			(kid, purpose): _signer(secret, purpose)
			for kid, secret in secrets.items()
			for purpose in PURPOSES
		}
		self._keyed = {purpose: _Keyed(_derive(secrets[self._current], purpose)) for purpose in PURPOSES}
		self._message_ids = {kid: _Keyed(_derive(secret, "message-id")) for kid, secret in secrets.items()}
		self._addresses = {
			(kid, purpose): _Keyed(_derive(secret, purpose))
			for kid, secret in secrets.items()
			for purpose in (_VERP, _OPT_OUT)
		}

	def sign(self, purpose: str, message: int, link: str | int = "") -> str:
		"""Return a token of at most 60 URL-safe characters.

		`link` is up to 12 letters, digits, - and _; 0 is none. Raises KeyError for an unknown purpose and
		ValueError for a message or link that a token can't carry.
		"""
		return self.signing(purpose, message)(str(link or ""))

	def signing(self, purpose: str, message: int, base: str = "") -> Callable[[str], str]:
		"""Return a function from a link to its token, for many links of one mail.

		`base` is put before each token. Raises as `sign` does; the function raises ValueError for a link that
		a token can't carry.
		"""
		if not 0 <= message < 1 << 63:
			raise ValueError(f"A token can't name message {message!r}")
		head = f"{self._current}.{message:x}."
		digest = self._keyed[purpose].digests(head.encode())
		head = base + head

		def sign(link: str) -> str:
			tag = b2a_base64(digest(_link(link))[:SIGNATURE_BYTES], newline=False).translate(_URL_SAFE)
			return f"{head}{link}.{tag.decode()}"

		return sign

	def verify(self, purpose: str, token: str) -> Token:
		"""Return what the token names, in a time that does not depend on the signature. Raises BadToken."""
		# The library's base64 skips foreign characters; the strict pattern leaves one spelling for a token.
		match = _TOKEN.fullmatch(token)
		signer = self._signers.get((match[1], purpose)) if match else None
		if not match or not signer:
			raise BadToken
		try:
			signer.unsign(token)
		except BadSignature as e:
			raise BadToken from e
		return Token(int(match[2], 16), match[3])

	def message_id_local_part(self, message: int) -> str:
		"""Return the part before the @ of the mail's Message-ID: always the same for a message and a key.

		It is in lowercase, since some systems fold it. Nobody can guess it: an answer that quotes it has seen
		it.
		"""
		return self._message_id(self._current, message)

	def message_from_local_part(self, text: str) -> int:
		"""Return the message that this part before the @ of a Message-ID was made for. Raises BadToken."""
		match = _MESSAGE_ID.fullmatch(text.strip().lower())
		if not match or match[1] not in self._message_ids:
			raise BadToken
		message = int(match[2], 16)
		if not hmac.compare_digest(self._message_id(match[1], message), match[0]):
			raise BadToken
		return message

	def verp_local_part(self, message: int, box: str = "") -> str:
		"""Return the local part of a mail's envelope sender: `box+token`, or the token alone without a box.

		It is in lowercase, since some systems fold it, and always the same for a message and a key. Raises
		ValueError for more than LOCAL_PART characters.
		"""
		return _tagged(box, self._address_token(self._current, message, _VERP))

	def opt_out_local_part(self, message: int, box: str = "") -> str:
		"""Return the local part of the address in List-Unsubscribe (RFC 2369, section 3.2).

		It is made as verp_local_part makes its own; its token begins with `leave.`.
		"""
		return _tagged(box, _OPT_OUT_MARK + self._address_token(self._current, message, _OPT_OUT))

	def message_from_verp(self, local_part: str) -> int:
		"""Return the message whose envelope sender this is, with or without its box. Raises BadToken."""
		return self._message_from_address(local_part, _VERP)

	def message_from_opt_out(self, local_part: str) -> int:
		"""Return the message whose opt-out address this is, with or without its box. Raises BadToken."""
		return self._message_from_address(local_part, _OPT_OUT)

	def is_own(self, local_part: str) -> bool:
		"""Tell whether a part before the @ leads to a message, be it of a Message-ID or of an address."""
		for message_from in (self.message_from_local_part, self.message_from_verp, self.message_from_opt_out):
			with suppress(BadToken):
				message_from(local_part)
				return True
		return False

	def _message_from_address(self, local_part: str, purpose: str) -> int:
		match = _IN_ADDRESS.fullmatch(local_part.strip().lower().rpartition("+")[2])
		if not match or bool(match[1]) != (purpose == _OPT_OUT) or (match[3], purpose) not in self._addresses:
			raise BadToken
		message = int(match[4], 16)
		if not hmac.compare_digest(self._address_token(match[3], message, purpose), f"{match[2]}.{match[5]}"):
			raise BadToken
		return message

	def _address_token(self, kid: str, message: int, purpose: str) -> str:
		if not 0 <= message < 1 << 63:
			raise ValueError(f"A token can't name message {message!r}")
		body = f"{kid}.{message:x}"
		tag = self._addresses[kid, purpose].digests(body.encode())()[:ADDRESS_BYTES]
		return f"{body}.{b32encode(tag).decode().lower()}"

	def _message_id(self, kid: str, message: int) -> str:
		body = f"{kid}.{message:x}"
		tag = self._message_ids[kid].digests(body.encode())()[:MESSAGE_ID_BYTES]
		return f"{body}.{tag.hex()}"


class _ShortHmac(SigningAlgorithm):
	"""HMAC-SHA256 cut to SIGNATURE_BYTES; the base class compares in constant time."""

	def get_signature(self, key: bytes, value: bytes) -> bytes:
		return hmac.digest(key, value, "sha256")[:SIGNATURE_BYTES]


class _Keyed:
	"""HMAC-SHA256 under one key, from two states that depend on the key alone (RFC 2104, section 4).

	It takes a third of the time of hmac.digest(), which a mail needs two dozen times. The library verifies
	what it makes.
	"""

	def __init__(self, key: bytes):
		block = key.ljust(sha256().block_size, b"\0")
		self._inner, self._outer = sha256(block.translate(_INNER)), sha256(block.translate(_OUTER))

	def digests(self, head: bytes) -> Callable[..., bytes]:
		"""Return a function from what follows `head` (nothing by default) to the digest of both together."""
		begun, outer = self._inner.copy(), self._outer
		begun.update(head)

		def digest(rest: bytes = b"") -> bytes:
			inner, whole = begun.copy(), outer.copy()
			inner.update(rest)
			whole.update(inner.digest())
			return whole.digest()

		return digest


def _tagged(box: str, token: str) -> str:
	local_part = f"{box}+{token}" if box else token
	if len(local_part) > LOCAL_PART:
		raise ValueError(f"{local_part!r} is longer than a local part may be")
	return local_part


@lru_cache(maxsize=1024)
def _link(link: str) -> bytes:
	"""Return a link as bytes for signing. Raises ValueError for one that a token can't carry."""
	if not _LINK.fullmatch(link):
		raise ValueError(f"A token can't name link {link!r}")
	return link.encode()


def _signer(secret: bytes, purpose: str) -> Signer:
	return Signer(_derive(secret, purpose), sep=".", key_derivation="none", algorithm=_ShortHmac())


def _derive(secret: bytes, purpose: str) -> bytes:
	"""Return the key for one purpose: HKDF's extract and one step of expand (RFC 5869, section 2)."""
	extracted = hmac.digest(b"email_campaigns.tracking", secret, "sha256")
	return hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")
