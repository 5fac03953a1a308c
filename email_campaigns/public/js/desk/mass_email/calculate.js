import { call, escape, number, saved } from "../call";

/** Show how many recipients the mailing would have now: members, minus each reason, equals mails. */
export function calculate(frm) {
	return count(frm).then((counts) =>
		frappe.msgprint({ title: __("Recipients"), message: table(counts), indicator: "blue" })
	);
}

function count(frm) {
	return saved(frm).then(() =>
		call("mass_email.calculate", { name: frm.doc.name }, __("Counting recipients…"))
	);
}

/** Members, minus each reason, equals mails; by language and domain where there are several. */
export function table({ members, planned, skipped, languages, domains, versions, seeds, copies }) {
	const reasons = Object.entries(skipped).map(([reason, n]) => row(escape(__(reason)), `− ${number(n)}`));
	const seeded = seeds ? row(__("To the seed group, on top"), `+ ${number(seeds)}`) : "";
	return `<table class="table table-sm ec-calculation">
		${row(__("Members of the target lists"), number(members))}
		${reasons.join("")}
		${row(`<b>${__("Mails to send")}</b>`, `<b>= ${number(planned)}</b>`)}
		${seeded}
		${copies ? row(__("Copies (CC), on top"), `+ ${number(copies)}`) : ""}
	</table>${breakdown(__("By version"), Object.entries(languages))}${breakdown(
		__("In the A/B test"),
		versions_named(versions)
	)}${breakdown(__("By domain"), domains)}`;
}

/** The mails of each version of an A/B test; recipients of a language version have none. */
function versions_named(versions) {
	const named = {
		Rest: __("The rest, waiting for the winner"),
		"": __("In a language version, at once"),
	};
	return Object.entries(versions).map(([label, n]) => [named[label] || __("Version {0}", [label]), n]);
}

/** The parts of a number, where there are several; the part without a name is that of everybody else. */
function breakdown(title, parts) {
	if (parts.length < 2) return "";
	const rows = parts.map(([name, n]) => row(escape(name || __("For everybody else")), number(n)));
	return `<details class="ec-breakdown mb-3"><summary class="text-muted">${title}</summary>
		<table class="table table-sm">${rows.join("")}</table></details>`;
}

function row(label, value) {
	return `<tr><td>${label}</td><td class="text-right">${value}</td></tr>`;
}
