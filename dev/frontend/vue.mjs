// Vue single-file components for esbuild: script, template and styles of a .vue file as one module.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";

/** The plugin; `compileStyle(source, file, lang)` gives CSS, `asScript(css)` a script that adds it. */
export function vueComponents(require, { compileStyle, asScript }) {
	const compiler = require("@vue/compiler-sfc");
	return {
		name: "vue-components",
		setup(build) {
			build.onLoad({ filter: /\.vue$/ }, async ({ path: file }) => {
				const parts = parse(compiler, file, await readFile(file, "utf8"));
				const code = [script(compiler, parts), template(compiler, parts)];
				for (const style of parts.descriptor.styles)
					code.push(asScript(await styleOf(compiler, parts, style, compileStyle)));
				if (parts.scoped) code.push(`component.__scopeId = "data-v-${parts.id}";`);
				code.push("export default component;");
				return { contents: code.join("\n"), loader: parts.loader, resolveDir: path.dirname(file) };
			});
		},
	};
}

function parse(compiler, file, source) {
	const { descriptor, errors } = compiler.parse(source, { filename: file });
	if (errors.length) throw errors[0];
	const { script, scriptSetup } = descriptor;
	return {
		file,
		descriptor,
		id: createHash("sha256").update(source).digest("hex").slice(0, 8),
		scoped: descriptor.styles.some((style) => style.scoped),
		loader: (scriptSetup ?? script)?.lang === "ts" ? "ts" : "js",
	};
}

function script(compiler, { descriptor, id, scoped }) {
	if (!descriptor.script && !descriptor.scriptSetup) return "const component = {};";
	const compiled = compiler.compileScript(descriptor, {
		id,
		isProd: true,
		genDefaultAs: "component",
		inlineTemplate: Boolean(descriptor.scriptSetup),
		templateOptions: { scoped, id },
	});
	descriptor.bindings = compiled.bindings;
	return compiled.content;
}

/** The render function, where the script has not taken it in already. */
function template(compiler, { descriptor, file, id, scoped }) {
	if (!descriptor.template || descriptor.scriptSetup) return "";
	const { code, errors } = compiler.compileTemplate({
		source: descriptor.template.content,
		filename: file,
		id,
		scoped,
		isProd: true,
		compilerOptions: {
			bindingMetadata: descriptor.bindings,
			scopeId: scoped ? `data-v-${id}` : undefined,
		},
	});
	if (errors.length) throw errors[0];
	return `${code}\ncomponent.render = render;`;
}

async function styleOf(compiler, { file, id }, style, compileStyle) {
	const source = await compileStyle(style.content, file, style.lang);
	const { code, errors } = await compiler.compileStyleAsync({
		source,
		filename: file,
		id: `data-v-${id}`,
		scoped: style.scoped,
		isProd: true,
	});
	if (errors.length) throw errors[0];
	return code;
}
