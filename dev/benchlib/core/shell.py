"""Runs of other programs: their output goes to a log, their failure becomes a sentence."""

import os
import shutil
import subprocess

from .errors import BenchError

TAIL_LINES = 15
DISK_FULL = ("No space left on device", "Disk full", "errno: 28", "error 28", "ENOSPC")
NEARLY_FULL = 10_000_000  # bytes; a program that failed with less to write on failed for want of it


def run(command, log, what, cwd=None, env=None, stdin=None, timeout=1800):  # noqa: PLR0913, as subprocess.run
	"""Run a program to its end with its output appended to `log`; raises BenchError naming `what`."""
	command = [str(part) for part in command]
	log.parent.mkdir(parents=True, exist_ok=True)
	with open(log, "ab") as output:
		output.write(f"\n$ {' '.join(command)}\n".encode())
		output.flush()
		start = output.tell()
		try:
			done = subprocess.run(
				command,
				stdout=output,
				stderr=output,
				cwd=cwd,
				env=env,
				timeout=timeout,
				stdin=stdin or subprocess.DEVNULL,
			)
		except OSError as error:
			raise BenchError(f"{what} failed: {command[0]} cannot be run ({error.strerror}).") from None
		except subprocess.TimeoutExpired:
			raise BenchError(f"{what} did not end within {timeout} s. Its output is in {log}.") from None
	if done.returncode:
		raise BenchError(failure_sentence(what, text_from(log, start), log))


def output_of(command, what, env=None, cwd=None, timeout=120):
	"""The standard output of a short program as text; raises BenchError naming `what`."""
	try:
		done = subprocess.run(
			[str(part) for part in command],
			capture_output=True,
			text=True,
			env=env,
			cwd=cwd,
			timeout=timeout,
			stdin=subprocess.DEVNULL,
		)
	except (OSError, subprocess.TimeoutExpired) as error:
		raise BenchError(f"{what} failed: {error}.") from None
	if done.returncode:
		raise BenchError(failure_sentence(what, done.stderr or done.stdout, None))
	return done.stdout


def failure_sentence(what, text, log):
	"""Return the sentence that a person reads when a program failed with the output `text`."""
	full = any(words in text for words in DISK_FULL)
	if full or (log and shutil.disk_usage(log.parent).free < NEARLY_FULL):
		return f"{what} failed: the disk is full. Free some space and run the command again."
	where = f" All of its output is in {log}." if log else ""
	return f"{what} failed.{where} Its last lines were:\n{last_lines(text)}"


def text_from(log, start):
	"""A log's text from byte `start` on, at most its last 200 kB."""
	with open(log, "rb") as source:
		size = source.seek(0, os.SEEK_END)
		source.seek(max(start, size - 200_000))
		return source.read().decode("utf-8", "replace")


def last_lines(text):
	"""The end of a program's output, short enough to read."""
	return "\n".join(line[-500:] for line in text.strip().splitlines()[-TAIL_LINES:])
