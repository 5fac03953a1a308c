"""Steps that depend on each other; independent ones run side by side."""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter


def run_steps(steps, workers=3):
	"""Run `steps`, {name: (function, names it needs)}.

	A step that needs a failed one does not run, all others run to their end; then the first error is raised.
	"""
	sorter = TopologicalSorter({name: needs for name, (_, needs) in steps.items()})
	sorter.prepare()
	running, errors = {}, []
	with ThreadPoolExecutor(workers) as pool:
		while True:
			for name in sorter.get_ready():
				running[pool.submit(steps[name][0])] = name
			if not running:
				break
			for future in wait(running, return_when=FIRST_COMPLETED).done:
				name = running.pop(future)
				if future.exception():
					errors.append(future.exception())
				else:
					sorter.done(name)
	if errors:
		raise errors[0]
