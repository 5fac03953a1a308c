import { call, escape, number } from "./call";

/** Show where something comes back from, and offer to look at a mail, on the form of the settings. */
export function show_sources(frm) {
	const $area = frm.get_field("inbound_html").$wrapper.empty();
	call("inbound.sources").then((sources) => {
		$area.html(`${sources.length ? table(sources) : nothing()}
			<button class="btn btn-default btn-sm mb-3 ec-look">${__("Look at a Mail…")}</button>`);
		$area.find(".ec-look").on("click", look);
	});
}

function nothing() {
	return `<p class="text-muted">${__(
		"No Email Account fetches mail, and no provider has called. So replies and bounces are not seen."
	)}</p>`;
}

function table(sources) {
	const heads = [__("Source"), __("Last Mail"), __("Found Within 30 Days")].map(
		(head) => `<th>${head}</th>`
	);
	return `<div class="table-responsive"><table class="table table-sm ec-sources">
		<tr class="text-muted">${heads.join("")}</tr>${sources.map(row).join("")}</table></div>`;
}

function row({ source, kind, last, waiting, found }) {
	const parts = Object.entries(found).map(([what, count]) => `${escape(__(what))}: ${number(count)}`);
	if (waiting) parts.push(__("Waiting: {0}", [number(waiting)]));
	const at = last ? frappe.datetime.str_to_user(last) : __("nothing yet");
	return `<tr><td>${escape(source)} <span class="text-muted">${escape(__(kind))}</span></td>
		<td class="text-nowrap">${at}</td><td>${parts.join(", ")}</td></tr>`;
}

/** Ask for a raw mail, and show what it would be taken for, and why. */
function look() {
	const dialog = new frappe.ui.Dialog({
		title: __("Look at a Mail"),
		size: "large",
		fields: [
			{
				fieldtype: "Long Text",
				fieldname: "mail",
				label: __("The Mail with Its Headers"),
				description: __(
					"As “Show original” or “View source” of a mail program gives it. Nothing is changed."
				),
				reqd: 1,
			},
			{ fieldtype: "HTML", fieldname: "answer" },
		],
		primary_action_label: __("Look"),
		primary_action: ({ mail }) =>
			call("inbound.look", { mail }, __("Looking…")).then((answer) =>
				dialog.get_field("answer").$wrapper.html(describe(answer))
			),
	});
	dialog.show();
}

function describe({ kind, why, sender, subject, text, reports, clues, mail, missing, follows }) {
	const lines = [
		[__("It is"), kind],
		[__("Known by"), why],
		[__("From"), sender],
		[__("Subject"), subject],
		[__("About"), mail && __("mail {0} of {1} to {2}", [mail.message, mail.mailing, mail.email])],
		[__("Missing"), missing],
		[__("What follows"), follows],
		...reports.map((report) => [__("Report"), Object.values(report).filter(Boolean).join(" · ")]),
		...Object.entries(clues).map(([name, texts]) => [name, texts.join(", ")]),
		[__("Text"), text],
	];
	const rows = lines
		.filter(([, value]) => value)
		.map(
			([label, value]) => `<tr><td class="text-muted" style="width: 9rem">${escape(label)}</td>
				<td style="white-space: pre-wrap; overflow-wrap: anywhere">${escape(value)}</td></tr>`
		);
	return `<table class="table table-sm ec-looked mt-3">${rows.join("")}</table>`;
}
