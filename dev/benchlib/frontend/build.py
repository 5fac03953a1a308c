"""Builds the bundles of Frappe and the apps into sites/assets, and lists them in assets.json."""

import json
import os
import shutil
from pathlib import Path

from ..core.paths import cache_dir
from ..core.say import step
from ..core.shell import run
from ..core.state import fingerprint, write_atomically
from ..services.redis import flush
from ..site import apps
from . import packages

SCRIPTS = ("build.mjs", "plugins.mjs", "vue.mjs")
SOURCES = {".js", ".ts", ".vue", ".css", ".scss", ".sass", ".html"}


def build(bench):
	"""Bring sites/assets up to date with the sources of every app; raises BenchError."""
	folders = {"frappe": bench.paths.frappe, **apps.folders(bench)}
	publics = {name: Path(folder).resolve() / name / "public" for name, folder in folders.items()}
	built = [_build_app(bench, name, public) for name, public in publics.items() if public.is_dir()]
	_link(packages.modules(bench), bench.paths.assets / "frappe" / "node_modules")
	if any(built) or not (bench.paths.assets / "assets.json").exists():
		_write_lists(bench, [bench.paths.assets / name for name in publics])


def _build_app(bench, name, public):
	"""Build one app unless its dist is of the present sources; tells whether it was built."""
	out = bench.paths.assets / name
	_link_public(public, out)
	wanted = _fingerprint(bench, public)
	if bench.marks.done(f"assets-{name}", wanted) and (out / "bundles.json").exists():
		return False
	with step(f"Building the browser code of {name}"):
		if not _from_cache(wanted, out):
			_run_build(bench, name, public, out)
			_to_cache(wanted, out)
	bench.marks.set(f"assets-{name}", wanted)
	return True


def _link_public(public, out):
	"""Make every entry of public/ reachable below sites/assets/APP, beside the built dist/."""
	if out.is_symlink():
		out.unlink()
	out.mkdir(parents=True, exist_ok=True)
	for entry in list(out.iterdir()):
		if entry.is_symlink() and not entry.exists():
			entry.unlink()
	for entry in public.iterdir():
		if entry.name not in ("dist", "node_modules", "bundles.json"):
			_link(entry, out / entry.name)


def _link(target, link):
	if link.is_symlink() and os.readlink(link) == str(target):
		return
	link.unlink(missing_ok=True)
	link.symlink_to(target)


def _fingerprint(bench, public):
	scripts = [bench.paths.dev / "frontend" / name for name in SCRIPTS]
	sources = sorted(
		path
		for path in public.rglob("*")
		if path.suffix in SOURCES and path.is_file() and not {"dist", "node_modules"} & set(path.parts)
	)
	names = [str(path.relative_to(public)) for path in sources]
	package = packages.folder(bench) / "package.json"
	return fingerprint(*scripts, package, *names, *sources)


def _run_build(bench, name, public, out):
	packages.install(bench)
	config = {
		"app": name,
		"public": str(public),
		"out": str(out),
		"modules": str(packages.modules(bench)),
		"include": [str(public.parents[1]), str(bench.paths.frappe.resolve())],
	}
	file = packages.folder(bench) / f"{name}.json"
	write_atomically(file, json.dumps(config))
	script = bench.paths.dev / "frontend" / "build.mjs"
	run(
		["node", script, file],
		bench.paths.logs / "frontend.log",
		f"Building the browser code of {name}",
		cwd=packages.folder(bench),
	)


def _from_cache(wanted, out):
	cached = cache_dir() / "assets" / wanted
	if not (cached / "bundles.json").exists():
		return False
	shutil.rmtree(out / "dist", ignore_errors=True)
	shutil.copytree(cached / "dist", out / "dist")
	shutil.copy(cached / "bundles.json", out / "bundles.json")
	return True


def _to_cache(wanted, out):
	cached = cache_dir() / "assets" / wanted
	half = cached.with_name(f"{cached.name}.{os.getpid()}")
	shutil.copytree(out / "dist", half / "dist")
	shutil.copy(out / "bundles.json", half / "bundles.json")
	shutil.rmtree(cached, ignore_errors=True)
	half.rename(cached)


def _write_lists(bench, outs):
	assets, mirrored = {}, {}
	for out in outs:
		if (out / "bundles.json").exists():
			lists = json.loads((out / "bundles.json").read_text())
			assets.update(lists["assets"])
			mirrored.update(lists["rtl"])
	write_atomically(bench.paths.assets / "assets.json", json.dumps(assets, indent=1))
	write_atomically(bench.paths.assets / "assets-rtl.json", json.dumps(mirrored, indent=1))
	for cache in bench.caches[:1]:
		flush(cache)
