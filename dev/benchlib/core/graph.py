"""Runs steps that depend on each other, independent ones side by side."""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter


def run_steps(steps, workers=3):
	"""Run `steps`, {name: (function, names it needs)}; raises the first error after the running ones ended."""
	sorter = TopologicalSorter({name: needs for name, (_, needs) in steps.items()})
	sorter.prepare()
	running = {}
	with ThreadPoolExecutor(workers) as pool:
		while sorter.is_active():
			for name in sorter.get_ready():
				running[pool.submit(steps[name][0])] = name
			finished, _ = wait(running, return_when=FIRST_COMPLETED)
			for future in finished:
				future.result()
				sorter.done(running.pop(future))
