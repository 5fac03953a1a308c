// How files that esbuild does not know become part of a Frappe bundle.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** Addresses that the site serves (/assets/…) stay as they are. */
export function publicUrls() {
	return {
		name: "public-urls",
		setup(build) {
			build.onResolve({ filter: /^\/(assets|files)\// }, ({ path }) => ({ path, external: true }));
		},
	};
}

/** A bench's node_modules lie in the app's public folder, and Frappe 16 imports them by that path. */
export function publicModules(modules) {
	return {
		name: "public-modules",
		setup(build) {
			build.onResolve({ filter: /^frappe\/public\/node_modules\// }, ({ path: name }) => ({
				path: path.join(modules, name.replace("frappe/public/node_modules/", "")),
			}));
		},
	};
}

/** An imported .html file becomes an entry of frappe.templates: a template literal, as in Frappe's own build, for some of
 * its templates hold escaped quotes that only such a literal undoes. */
export function htmlTemplates() {
	return {
		name: "html-templates",
		setup(build) {
			build.onLoad({ filter: /\.html$/ }, async ({ path: file }) => {
				const name = JSON.stringify(path.basename(file, ".html"));
				const text = (await readFile(file, "utf8")).replace(/<!--[^]*?-->/g, "").replace(/\s+/g, " ");
				const literal = `\`${text.replace(/`/g, "\\`")}\``;
				return { contents: `frappe.templates[${name}] = ${literal};`, loader: "js" };
			});
		},
	};
}

/** A script that adds a style sheet to the page. */
export function styleAsScript(css) {
	const text = JSON.stringify(css);
	return `{const s = document.createElement("style"); s.textContent = ${text}; document.head.append(s);}`;
}

/** `compile(source, file, lang)` for CSS and Sass, with prefixes for autoprefixer's default browsers. */
export function styleCompiler({ modules, include }, require) {
	const sass = require("sass");
	const prefixer = require("postcss")([require("autoprefixer")({ overrideBrowserslist: ["defaults"] })]);
	return async (source, file, lang) => {
		const css = lang === "scss" || lang === "sass" ? compileSass(source, file, lang) : source;
		return (await prefixer.process(css, { from: file })).css;
	};

	function compileSass(source, file, lang) {
		return sass.compileString(source, {
			syntax: lang === "sass" ? "indented" : "scss",
			url: pathToFileURL(file),
			loadPaths: [path.dirname(file), modules, ...include],
			importers: [{ findFileUrl: (url) => (url.startsWith("~") ? inModules(url) : null) }],
			logger: sass.Logger.silent,
		}).css;
	}

	/** `@import "~package/…"` looks into node_modules; Sass then adds suffixes and underscores itself. */
	function inModules(url) {
		return pathToFileURL(path.join(modules, url.slice(1)));
	}
}

/** CSS and Sass files: as style sheets, or `asScript` where a script imports them. */
export function styleSheets(compile, asScript) {
	return {
		name: "style-sheets",
		setup(build) {
			build.onLoad({ filter: /\.(css|s[ac]ss)$/ }, async ({ path: file }) => {
				const css = await compile(await readFile(file, "utf8"), file, path.extname(file).slice(1));
				const resolveDir = path.dirname(file);
				if (asScript) return { contents: asScript(css), loader: "js", resolveDir };
				return { contents: css, loader: "css", resolveDir };
			});
		},
	};
}
