import { call, escape, hide_dialog, number } from "../call";
import { cell } from "./result_parts";

const UNDER_WAY = ["In Process", "Paused"];
const LABELS = ["A", "B", "C", "D"];

function labels(frm) {
	const rows = frm.doc.ab_versions || [];
	return rows.length ? ["A", ...rows.map(({ label }, index) => label || LABELS[index + 1])] : [];
}

/** Label the versions in their order, and show the fields for a mailing with versions. */
export function name_versions(frm) {
	const { grid } = frm.fields_dict.ab_versions;
	(frm.doc.ab_versions || []).forEach((row, index) => {
		row.label = LABELS[index + 1] || "";
		// Not the whole grid: Frappe is about to put the cursor into the new row.
		const grid_row = grid.grid_rows_by_docname[row.name];
		if (grid_row) grid_row.refresh_field("label");
	});
	frm.layout.refresh_dependency();
}

/** The choice of a version in a dialog, for a mailing that has several. */
export function version_fields(frm, change) {
	if (!labels(frm).length) return [];
	return [
		{
			fieldtype: "Select",
			fieldname: "version",
			label: __("Version"),
			options: labels(frm),
			default: "A",
			change,
		},
		{ fieldtype: "Section Break" },
	];
}

/** Show the figures of a mailing's versions and what the rest waits for, and let the user choose a version. */
export function show_test(frm) {
	const $area = frm.get_field("ab_html").$wrapper.empty();
	if (frm.is_new() || !labels(frm).length || !frm.doc.started_on) return;
	const name = frm.doc.name;
	const may_choose = UNDER_WAY.includes(frm.doc.status) && frm.doc.frozen && !frm.doc.ab_winner;
	if (may_choose && frappe.perm.has_perm(frm.doctype, 0, "write"))
		frm.add_custom_button(__("Choose Winner…"), () => ask(frm));
	call("ab_versions.state", { name }).then(
		(state) => frm.doc.name === name && $area.html(draw(frm, state))
	);
}

function draw(frm, state) {
	const { ab_winner } = frm.doc;
	const rows = state.versions.map((version) => row(version.label === ab_winner, version.label, version));
	if (state.rest && state.rest.planned)
		rows.push(row(false, __("The rest"), { ...state.rest, subject: __("got version {0}", [ab_winner]) }));
	const heads = [
		__("Version"),
		__("Planned"),
		__("Mailed"),
		__("Opened"),
		__("Clicked"),
		__("Replied"),
		__("Unsubscribed"),
	];
	const head = heads.map((label, index) => `<th class="${index ? "text-right" : ""}">${label}</th>`);
	return `<p class="ec-ab-standing mb-2">${standing(frm, state)}</p>
		<div class="table-responsive"><table class="table table-sm ec-ab-versions">
		<tr class="text-muted">${head.join("")}</tr>${rows.join("")}</table></div>
		<p class="text-muted small">${state.comparisons.map(escape).join("<br>")}</p>`;
}

function row(chosen, label, version) {
	const mark = chosen ? ` <span class="indicator-pill green no-indicator-dot">${__("Chosen")}</span>` : "";
	return `<tr><td><b>${escape(label)}</b>${mark}<br><span class="text-muted">${escape(version.subject)}</span></td>
		${cell(version.planned)}${cell(version.sent)}${cell(version.opened, version.open_rate)}
		${cell(version.clicked, version.click_rate)}${cell(version.replied, version.reply_rate)}
		${cell(version.unsubscribed, version.unsubscribe_rate)}</tr>`;
}

/** A sentence: how many recipients wait for what, or which version was chosen, when and why. */
function standing(frm, { waiting, remaining, due }) {
	const { ab_winner, ab_chosen_on, ab_chosen_by, ab_reason, ab_winner_by, frozen, status } = frm.doc;
	if (ab_winner) {
		const values = [`<b>${escape(ab_winner)}</b>`, frappe.datetime.str_to_user(ab_chosen_on)];
		const by = ab_chosen_by && escape(frappe.user_info(ab_chosen_by).fullname || ab_chosen_by);
		return by
			? __("{2} chose version {0} on {1} for the rest of the recipients.", [...values, by])
			: `${__("Version {0} was chosen on {1} for the rest of the recipients.", values)} ${escape(ab_reason)}`;
	}
	if (!frozen || !UNDER_WAY.includes(status)) return "";
	if (!waiting) return __("Nobody waits for the winner.");
	return `${__("Recipients who wait for the winner: {0}.", [`<b>${number(waiting)}</b>`])} ${until(
		ab_winner_by,
		remaining,
		due,
		frm.doc.ab_hours
	)}`;
}

function until(winner_by, remaining, due, hours) {
	if (winner_by === "By hand") return __("It is chosen by hand: press Choose Winner.");
	const by = { Opens: __("opens"), Clicks: __("clicks"), Replies: __("replies") }[winner_by];
	if (due) {
		return __("It is chosen by {0} on {1}, or sooner by hand.", [by, frappe.datetime.str_to_user(due)]);
	}
	return remaining
		? __(
				"It is chosen by {0}, {1} hours after the last of the {2} mails of the test that are still to be sent.",
				[by, hours, number(remaining)]
			)
		: __("It is chosen by {0}, {1} hours after the last mail of the test.", [by, hours]);
}

function ask(frm) {
	const name = frm.doc.name;
	call("ab_versions.state", { name }).then((state) => {
		const dialog = new frappe.ui.Dialog({
			title: __("Choose the Winner"),
			fields: [
				{ fieldtype: "HTML", fieldname: "figures", options: draw(frm, state) },
				{
					fieldtype: "Select",
					fieldname: "version",
					label: __("Version for the Rest"),
					reqd: 1,
					options: labels(frm),
					description: __(
						"It is sent at once to everybody who waits. The choice can't be changed."
					),
				},
			],
			size: "large",
			primary_action_label: __("Send This Version"),
			primary_action({ version }) {
				hide_dialog(dialog);
				call("ab_versions.choose", { name, version }, __("One moment…")).then(() => frm.reload_doc());
			},
		});
		dialog.show();
	});
}
