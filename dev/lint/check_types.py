#!/usr/bin/env python3
"""Check the types of the package: `python dev/lint/check_types.py`, strictly in every pure module.

Which modules are pure is what the boundary test says, so a new one is checked strictly from the start.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from email_campaigns.tests.unit.test_boundaries import is_controller, may_use_frappe, modules


def path_of(name: str) -> str:
	path = ROOT / "email_campaigns" / name.replace(".", "/")
	return str(path / "__init__.py" if path.is_dir() else path.with_suffix(".py"))


def main() -> int:
	pure = sorted(name for name in modules() if not may_use_frappe(name) and not is_controller(name))
	runs = (["email_campaigns"], ["--strict", "--follow-imports=silent", *map(path_of, pure)])
	codes = [subprocess.run([sys.executable, "-m", "mypy", *run], cwd=ROOT).returncode for run in runs]
	return max(codes)


if __name__ == "__main__":
	sys.exit(main())
