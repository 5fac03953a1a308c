"""What pytest knows in every part of the tests."""

import importlib.util

# Without Frappe (the unit tests' own environment) there is no site and no page to look at.
collect_ignore = [] if importlib.util.find_spec("frappe") else ["site", "browser"]
