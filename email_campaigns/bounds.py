"""The least and the greatest value of the numbers that administrators and users set. Pure."""

MOST_PER_HOUR = 10_000_000
# {field of Email Campaign Settings: (least, greatest)}. A batch is settled in one transaction, a session is a
# connection to the mail server, and a job takes a worker.
SETTINGS = {
	"hourly_limit": (0, MOST_PER_HOUR),
	"batch_size": (1, 5000),
	"parallel_jobs": (1, 50),
	"sessions_per_job": (1, 50),
	"max_attempts": (1, 20),
	"default_hour": (0, 23),
	"machine_seconds": (0, 3600),
	"catch_up_days": (0, 365),
	"soft_bounces": (0, 100),
	"soft_bounce_days": (1, 365),
	"soft_suppression_days": (1, 365),
	"hold_automatic_days": (0, 30),
	"guard_minimum": (0, 1_000_000),
}


def clamp_setting(field: str, value: int) -> int:
	"""Return a number of the settings within its bounds: one that is stored may be out of them."""
	least, greatest = SETTINGS[field]
	return min(max(value, least), greatest)
