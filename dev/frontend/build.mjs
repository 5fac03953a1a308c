// Builds every *.bundle.* of one Frappe app: `node build.mjs CONFIG.json`.
//
// CONFIG holds {app, public, out, modules, include}: the app's name, its public folder, the folder that
// takes dist/ and bundles.json, the node_modules folder, and folders in which imports are looked up.
// bundles.json maps each bundle to its URL, in the form of Frappe's assets.json and assets-rtl.json.

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

import {
	htmlTemplates,
	publicModules,
	publicUrls,
	styleAsScript,
	styleCompiler,
	styleSheets,
} from "./plugins.mjs";
import { vueComponents } from "./vue.mjs";

const config = JSON.parse(await readFile(process.argv[2], "utf8"));
const require = createRequire(path.join(config.modules, "..", "package.json"));
const esbuild = require("esbuild");
const rtlcss = require("rtlcss");
const compileStyle = styleCompiler(config, require);

const SCRIPT = /\.bundle\.(js|ts)$/;
const STYLE = /\.bundle\.(css|scss|sass)$/;
const dist = path.join(config.out, "dist");

/** Files below `folder` whose name matches, node_modules and dist left out. */
async function* bundles(folder, pattern) {
	for (const entry of await readdir(folder, { withFileTypes: true })) {
		const full = path.join(folder, entry.name);
		if (entry.isDirectory() && !["node_modules", "dist"].includes(entry.name))
			yield* bundles(full, pattern);
		else if (pattern.test(entry.name)) yield full;
	}
}

/** What esbuild is told for scripts and style sheets alike. */
function options(entryPoints, folder, plugins) {
	return {
		entryPoints,
		outdir: path.join(dist, folder),
		entryNames: "[name].[hash]",
		assetNames: "../files/[name].[hash]",
		bundle: true,
		minify: true,
		metafile: true,
		target: "es2018",
		format: "iife",
		nodePaths: [config.modules, ...config.include],
		define: {
			"process.env.NODE_ENV": '"production"',
			__VUE_OPTIONS_API__: "true",
			__VUE_PROD_DEVTOOLS__: "false",
			__VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
		},
		loader: Object.fromEntries(
			[".woff", ".woff2", ".ttf", ".eot", ".svg", ".png", ".gif"].map((suffix) => [suffix, "file"])
		),
		logLevel: "error",
		plugins: [publicUrls(), publicModules(config.modules), ...plugins],
	};
}

/** The bundle's name in Frappe's assets.json, e.g. desk.bundle.css for desk.bundle.scss. */
function bundleName(entry, suffix) {
	return path.basename(entry).replace(/\.[^.]+$/, suffix);
}

function url(file) {
	return `/assets/${config.app}/${path.relative(config.out, path.resolve(file)).split(path.sep).join("/")}`;
}

/** Each entry's output file by bundle name. */
function outputs(metafile, suffix) {
	const found = {};
	for (const [file, { entryPoint }] of Object.entries(metafile.outputs))
		if (entryPoint && file.endsWith(suffix)) found[bundleName(entryPoint, suffix)] = file;
	return found;
}

/** Scripts; a style sheet that one imports (Vue components do) becomes a part of the script. */
async function buildScripts(entries) {
	if (!entries.length) return {};
	const vue = vueComponents(require, { compileStyle, asScript: styleAsScript });
	const plugins = [vue, htmlTemplates(), styleSheets(compileStyle, styleAsScript)];
	const { metafile } = await esbuild.build(options(entries, "js", plugins));
	const found = Object.entries(outputs(metafile, ".js"));
	return Object.fromEntries(found.map(([name, file]) => [name, url(file)]));
}

/** Style sheets, and of each a mirrored one for languages written from right to left. */
async function buildStyles(entries) {
	if (!entries.length) return [{}, {}];
	const { metafile } = await esbuild.build(options(entries, "css", [styleSheets(compileStyle)]));
	const left = {},
		right = {};
	for (const [name, file] of Object.entries(outputs(metafile, ".css"))) {
		left[name] = url(file);
		right[`rtl_${name}`] = url(await mirror(name, file));
	}
	return [left, right];
}

async function mirror(name, file) {
	const css = rtlcss.process(await readFile(file, "utf8"));
	const hash = createHash("sha256").update(css).digest("hex").slice(0, 8).toUpperCase();
	const target = path.join(dist, "css-rtl", name.replace(/css$/, `${hash}.css`));
	await mkdir(path.dirname(target), { recursive: true });
	await writeFile(target, css);
	return target;
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
const scripts = await buildScripts(await all(bundles(config.public, SCRIPT)));
const [styles, mirrored] = await buildStyles(await all(bundles(config.public, STYLE)));
const half = path.join(config.out, "bundles.json.half");
await writeFile(half, JSON.stringify({ assets: { ...scripts, ...styles }, rtl: mirrored }, null, 1));
await rename(half, path.join(config.out, "bundles.json"));

async function all(generator) {
	const found = [];
	for await (const item of generator) found.push(item);
	return found.sort();
}
