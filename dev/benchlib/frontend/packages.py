"""The npm packages that Frappe's browser code imports and is built with."""

import json
import re
from pathlib import Path

from ..core.say import step
from ..core.shell import run
from ..core.state import fingerprint, write_atomically

# Replacements of git dependencies in Frappe's package.json; all are on npm.
GIT_SUBSTITUTES = {"air-datepicker": "2.2.3"}
# Our build script needs these, whatever the checkout names.
BUILD_TOOLS = {
	"@vue/compiler-sfc": "^3.3.0",
	"autoprefixer": "^10.0.0",
	"postcss": "^8.0.0",
	"rtlcss": "^4.0.0",
}


def folder(bench):
	"""The folder that holds node_modules."""
	return bench.paths.bench / "frontend"


def modules(bench):
	"""The node_modules folder."""
	return folder(bench) / "node_modules"


def install(bench):
	"""Install the packages when they, or the wish for them, have changed; raises BenchError."""
	wanted = _wanted(bench)
	value = fingerprint(*wanted.values())
	if bench.marks.done("npm", value) and modules(bench).is_dir():
		return
	with step("Installing npm packages"):
		_install(bench, wanted)
		bench.marks.set("npm", value)


def _install(bench, wanted):
	folder(bench).mkdir(parents=True, exist_ok=True)
	(folder(bench) / "package-lock.json").unlink(missing_ok=True)
	for name, text in wanted.items():
		write_atomically(folder(bench) / name, text)
	command = "ci" if "package-lock.json" in wanted else "install"
	options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--legacy-peer-deps"]
	run(
		["npm", command, *options],
		bench.paths.logs / "frontend.log",
		"Installing npm packages",
		cwd=folder(bench),
	)


def _wanted(bench):
	"""package.json, and the lock where there is one, as {name: text}."""
	frappes = bench.paths.frappe / "package.json"
	others = dependencies_of(bench.other_apps.values())
	if frappes.exists():
		lock = bench.paths.frappe / "yarn.lock"
		package = adapted(json.loads(frappes.read_text()), lock.read_text() if lock.exists() else "")
		return {"package.json": with_others(package, others)}
	ours = bench.paths.dev / "frontend"
	if others:  # the lock does not know them
		return {"package.json": with_others(json.loads((ours / "package.json").read_text()), others)}
	return {name: (ours / name).read_text() for name in ("package.json", "package-lock.json")}


def dependencies_of(folders):
	"""What the package.json files in the folders of further apps depend on, as {package: version}."""
	files = [Path(folder) / "package.json" for folder in folders]
	texts = [json.loads(file.read_text()) for file in files if file.exists()]
	return {name: version for text in texts for name, version in text.get("dependencies", {}).items()}


def with_others(package, others):
	"""The text of a package.json that further apps' packages are added to; its own versions win."""
	return json.dumps({**package, "dependencies": {**others, **package["dependencies"]}}, indent=1)


def adapted(package, lock=""):
	"""A checkout's package.json with our build tools, git dependencies replaced, in yarn.lock's versions."""
	wanted = {**BUILD_TOOLS, **package.get("dependencies", {})}
	locked = versions(lock)
	for name, version in list(wanted.items()):
		if ":" in version or "/" in version:
			wanted[name] = GIT_SUBSTITUTES.get(name, version)
		else:
			wanted[name] = locked.get(f"{name}@{version}", version)
	return {"name": "bench-frontend", "private": True, "dependencies": wanted}


def versions(lock):
	"""The versions that a yarn.lock settles on, by 'name@range'."""
	locked_versions = {}
	for names, version in re.findall(r'^(\S.*):\n  version "([^"]+)"', lock, re.M):
		locked_versions.update({name.strip(' "'): version for name in names.split(",")})
	return locked_versions
