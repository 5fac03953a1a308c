// Rules for the app's scripts in the Desk, and for the scripts that build them.

import js from "@eslint/js";
import prettier from "eslint-config-prettier/flat";
import globals from "globals";

// What Frappe puts into every page of the Desk.
const DESK = [
	"__",
	"$",
	"cur_dialog",
	"cur_frm",
	"email_campaigns",
	"format_currency",
	"format_number",
	"frappe",
	"moment",
];

export default [
	{ ...js.configs.recommended, files: ["**/*.js", "**/*.mjs"] },
	{
		files: ["email_campaigns/**/*.js"],
		languageOptions: {
			// Frappe runs each form script, list script and report in a function of its own.
			sourceType: "commonjs",
			globals: { ...globals.browser, ...Object.fromEntries(DESK.map((name) => [name, "readonly"])) },
		},
	},
	{ files: ["email_campaigns/public/js/**/*.js"], languageOptions: { sourceType: "module" } },
	{
		// Frappe CRM calls these.
		files: ["email_campaigns/frappe_crm/scripts.js"],
		rules: { "no-unused-vars": ["error", { varsIgnorePattern: "^setup(Form|List)$" }] },
	},
	{ files: ["**/*.mjs"], languageOptions: { globals: globals.node } },
	{
		rules: {
			eqeqeq: ["error", "always", { null: "ignore" }],
			"no-implicit-globals": "error",
			"no-var": "error",
			"object-shorthand": "error",
			"prefer-const": "error",
			"prefer-template": "error",
			// A text is translated by its literal: what is put together at run time is in no catalogue.
			"no-restricted-syntax": [
				"error",
				{
					selector:
						"CallExpression[callee.name='__']:not([arguments.0.type=/^(Literal|Identifier|MemberExpression)$/])",
					message:
						"Give __ a string literal or a stored value, and the values as its second argument.",
				},
			],
		},
	},
	prettier,
];
