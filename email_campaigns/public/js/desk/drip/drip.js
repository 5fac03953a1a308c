import { call, escape, number } from "../call";
import { cell } from "../mass_email/result_parts";
import { show_mail } from "../show_mail";
import { colour_of } from "../statuses";

const REACTIONS = ["opened", "clicked", "replied"];
const reaction_names = () => ({ opened: __("opened"), clicked: __("clicked"), replied: __("replied") });
let kinds;

/** Offer the doctypes whose records can be enrolled, which the settings name. */
export function offer_kinds(frm) {
	kinds = kinds || frappe.xcall("email_campaigns.api.desk.drip.kinds", {}, "GET");
	return kinds.then((doctypes) => {
		const options = ["", ...doctypes].join("\n");
		frappe.meta.get_docfield("Email Campaign", "email_campaign_for").options = options;
		if (!frm) return;
		const present = frm.doc.email_campaign_for;
		const all = present && !doctypes.includes(present) ? `${options}\n${present}` : options;
		frm.set_df_property("email_campaign_for", "options", all);
	});
}

/** Show why the steps of a campaign are held up, or what its form has to say of them before. */
export function show_drip_problem(frm, campaign) {
	const show = (problem) => problem && frm.set_intro(escape(problem), "red");
	if (frm.doctype === "Campaign") {
		const hints = (frm.doc.__onload || {}).step_hints || [];
		if (hints.length && !frm.doc.drip_problem) frm.set_intro(hints.map(escape).join("<br>"), "orange");
		return show(frm.doc.drip_problem);
	}
	if (campaign && !frm.is_new())
		frappe.db
			.get_value("Campaign", campaign, "drip_problem")
			.then(({ message }) => show((message || {}).drip_problem));
}

/** Show the steps of an enrolment: sent, read, and still to come. */
export function show_steps(frm) {
	const $area = frm.get_field("steps_html").$wrapper.empty();
	frm.set_df_property("steps_section", "hidden", frm.is_new() ? 1 : 0);
	if (frm.is_new()) return;
	const name = frm.doc.name;
	frappe.xcall("email_campaigns.api.desk.drip.steps", { name }, "GET").then((steps) => {
		if (frm.doc.name !== name) return;
		const group = steps.some(({ sent }) => sent !== undefined);
		$area.html(group ? group_table(steps) : person_table(steps));
		$area.find(".ec-preview").on("click", ({ currentTarget }) => {
			preview(name, $(currentTarget).data("step"));
			return false;
		});
	});
}

function person_table(steps) {
	const rows = steps.map((step) => {
		const reactions = REACTIONS.filter((kind) => step[kind]).map((kind) => reaction_names()[kind]);
		return `<tr>${first_cells(step)}<td>${pill(step)}</td>
			<td class="text-muted">${escape([__(step.reason), ...reactions].filter(Boolean).join(", "))}</td></tr>`;
	});
	return table([...first_heads(), __("Status"), ""], rows);
}

function group_table(steps) {
	const rows = steps.map(
		(step) => `<tr>${first_cells(step)}<td>${pill(step)}</td>${cell(step.sent)}${cell(step.opened)}
			${cell(step.clicked)}${cell(step.replied)}${cell(step.skipped)}</tr>`
	);
	const heads = [__("Status"), __("Sent"), __("Opened"), __("Clicked"), __("Replied"), __("Skipped")];
	return table([...first_heads(), ...heads], rows);
}

function first_heads() {
	return [__("Day"), __("Email Template"), __("Sent or Due")];
}

function first_cells({ step, days, template, due, at, condition }) {
	const condition_line = condition ? `<div class="text-muted small">${escape(__(condition))}</div>` : "";
	return `<td>${number(days)}</td>
		<td><a href="#" class="ec-preview" data-step="${step}">${escape(template)}</a>${condition_line}</td>
		<td class="text-nowrap">${frappe.datetime.str_to_user(at || due)}</td>`;
}

function pill({ status }) {
	const label = status ? __(status) : __("To Come");
	return `<span class="indicator-pill ${colour_of("mail", status)}">${escape(label)}</span>`;
}

function table(heads, rows) {
	const head = heads.map((label) => `<th>${label}</th>`).join("");
	return `<div class="table-responsive"><table class="table table-sm ec-steps">
		<tr class="text-muted">${head}</tr>${rows.join("")}</table></div>`;
}

function preview(name, step) {
	call("drip.preview", { name, step }).then((mail) => {
		const dialog = new frappe.ui.Dialog({
			title: __("Preview"),
			size: "extra-large",
			fields: [{ fieldtype: "HTML", fieldname: "mail" }],
		});
		show_mail(dialog, mail);
		dialog.show();
	});
}
