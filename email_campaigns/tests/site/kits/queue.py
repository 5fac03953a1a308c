"""The queue of the test site, which the tests work off themselves, and work in another connection."""

from __future__ import annotations

import time
from collections.abc import Callable

import frappe
from frappe.utils.background_jobs import create_job_id, get_job, get_queue
from rq.registry import StartedJobRegistry

QUEUES = ("short", "default", "long")


def waiting_jobs() -> list[str]:
	"""The ids of this site's jobs in the queues, in order."""
	prefix = create_job_id("…").removesuffix("…")  # the site's name, then characters that differ by version
	return [
		job_id.removeprefix(prefix)
		for queue in QUEUES
		for job_id in get_queue(queue).job_ids
		if job_id.startswith(prefix)
	]


def running_jobs() -> list[str]:
	"""The ids of the jobs of the queues that a worker has begun, of dead workers too."""
	return [job_id for queue in QUEUES for job_id in StartedJobRegistry(queue=get_queue(queue)).get_job_ids()]


def empty_queues() -> None:
	for job_id in waiting_jobs():
		if job := get_job(job_id):
			job.delete()


def forget_dead_jobs() -> None:
	"""Let the time pass after which RQ notices that the worker of a started job is dead."""
	for queue in QUEUES:
		StartedJobRegistry(queue=get_queue(queue)).cleanup(int(time.time()) + 86400)


def work_off(most: int = 50) -> int:
	"""Run the waiting jobs in this process, one after another; return how many ran."""
	for done in range(most):
		waiting = waiting_jobs()
		if not waiting:
			return done
		run_job(waiting[0])
	raise AssertionError(f"after {most} jobs there are still {waiting_jobs()}")


def run_job(job_id: str) -> None:
	job = get_job(job_id)
	for queue in QUEUES:
		get_queue(queue).remove(job)
	job.set_status("started")
	method, kwargs = job.kwargs["method"], job.kwargs["kwargs"]
	try:
		(frappe.get_attr(method) if isinstance(method, str) else method)(**kwargs)
		frappe.db.commit()
	finally:
		frappe.db.rollback()
		job.delete()


def elsewhere(site: str, action: Callable[[], object]) -> None:
	"""Call `action` as another process would, in a thread without a connection of its own yet."""
	frappe.init(site=site)
	frappe.connect()
	try:
		action()
		frappe.db.commit()
	finally:
		frappe.destroy()
