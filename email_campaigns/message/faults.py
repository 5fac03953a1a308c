"""Whatever reading a template raises becomes a TemplateError, in this one place."""

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import format_exc

from email_campaigns.message.errors import Refused, TemplateError
from email_campaigns.text import Sentence, _lt

LONGEST_REASON = 300  # characters
TOO_DEEP = _lt("Parts of the template are nested too deeply.")
LONG_NUMBER = _lt("The template holds a number that is too long.")
NO_MEMORY = _lt("The template can't be read: it takes too much memory.")
UNREADABLE = _lt("The template can't be read: {0}.")
DIGITS = "integer string conversion"  # how Python names a number of more than 4,300 digits


@contextmanager
def reading(part: str = "") -> Iterator[None]:
	"""Let nothing but a TemplateError leave the block; `part` is the part of the mail that it reads.

	The error of a fault that nobody has thought of has a `trace`, for the administrator.
	"""
	try:
		yield
	except TemplateError:
		raise
	except Refused as refusal:
		raise _error(Sentence(UNREADABLE, refusal.sentence), part) from None
	except RecursionError:
		raise _error(Sentence(TOO_DEEP), part) from None
	except MemoryError:
		raise _error(Sentence(NO_MEMORY), part) from None
	except BaseException as error:
		if not is_fault(error):
			raise
		known = Sentence(LONG_NUMBER) if isinstance(error, ValueError) and DIGITS in str(error) else None
		raise _error(known or unreadable(error), part, "" if known else format_exc()) from None


def _error(fault: Sentence, part: str, trace: str = "") -> TemplateError:
	error = TemplateError(fault, part=part)
	error.trace = trace
	return error


def is_fault(error: BaseException) -> bool:
	"""Tell whether an exception is about a template, and no order to the process to stop.

	A panic of css-inline, which is written in Rust, is no Exception (https://pyo3.rs, PanicException).
	"""
	return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def unreadable(error: BaseException) -> Sentence:
	"""Return the sentence for a fault that nobody has thought of."""
	return Sentence(
		UNREADABLE, Sentence("{0}: {1}", type(error).__name__, printable(str(error))[:LONGEST_REASON])
	)


def printable(text: str) -> str:
	"""Return the text as UTF-8 can hold it: a half of a surrogate pair becomes a question mark."""
	return text if text.isascii() else text.encode("utf-8", "replace").decode()
