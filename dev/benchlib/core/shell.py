"""Runs other programs: their output goes to a log, their failure becomes a sentence."""

import os
import subprocess

from .errors import BenchError

TAIL_LINES = 15


def run(command, log, what, cwd=None, env=None, stdin=None, timeout=1800):
	"""Run a program to its end with its output appended to `log`; raises BenchError naming `what`."""
	command = [str(part) for part in command]
	log.parent.mkdir(parents=True, exist_ok=True)
	with open(log, "ab") as output:
		output.write(f"\n$ {' '.join(command)}\n".encode())
		output.flush()
		start = output.tell()
		try:
			done = subprocess.run(
				command, stdout=output, stderr=output, cwd=cwd, env=env, timeout=timeout,
				stdin=stdin or subprocess.DEVNULL,
			)
		except FileNotFoundError:
			raise BenchError(f"{what} failed: the program {command[0]} is not there.") from None
		except subprocess.TimeoutExpired:
			raise BenchError(f"{what} did not end within {timeout} s. Its output is in {log}.") from None
	if done.returncode:
		raise BenchError(failure_sentence(what, tail(log, start), log))


def output_of(command, what, env=None, cwd=None, timeout=120):
	"""The standard output of a short program as text; raises BenchError naming `what`."""
	try:
		done = subprocess.run(
			[str(part) for part in command], capture_output=True, text=True, env=env, cwd=cwd,
			timeout=timeout, stdin=subprocess.DEVNULL,
		)
	except (OSError, subprocess.TimeoutExpired) as error:
		raise BenchError(f"{what} failed: {error}.") from None
	if done.returncode:
		raise BenchError(failure_sentence(what, (done.stderr or done.stdout)[-2000:], None))
	return done.stdout


def failure_sentence(what, text, log):
	"""What a person reads when a program failed with `text` as the end of its output."""
	if "No space left on device" in text or "Disk full" in text or "errno: 28" in text:
		return f"{what} failed: the disk is full. Free some space and run the command again."
	where = f" All of its output is in {log}." if log else ""
	return f"{what} failed.{where} Its last lines were:\n{text.strip()}"


def tail(log, start=0):
	"""The last lines of a log from byte `start` on."""
	with open(log, "rb") as source:
		source.seek(0, os.SEEK_END)
		source.seek(max(start, source.tell() - 20_000))
		lines = source.read().decode("utf-8", "replace").splitlines()
	return "\n".join(line[-500:] for line in lines[-TAIL_LINES:])
