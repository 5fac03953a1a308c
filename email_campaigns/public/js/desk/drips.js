import { call, chosen_records, escape, number, which_field } from "./call";
import { offer_in_grid } from "./choices";
import { time_zones } from "./planning";
import { cell } from "./result_parts";

const COLOURS = { Sent: "green", Queued: "blue", Sending: "blue", Skipped: "gray", Failed: "red", Uncertain: "orange" };
const DONE = ["opened", "clicked", "replied"];
const done_names = () => ({ opened: __("opened"), clicked: __("clicked"), replied: __("replied") });
let kinds;

/** Let the field be chosen among the doctypes whose records can be enrolled: the settings name them. */
export function offer_kinds(frm) {
	kinds = kinds || frappe.xcall("email_campaigns.api.drips.kinds", {}, "GET");
	return kinds.then((doctypes) => {
		const options = ["", ...doctypes].join("\n");
		frappe.meta.get_docfield("Email Campaign", "email_campaign_for").options = options;
		if (!frm) return;
		const present = frm.doc.email_campaign_for;
		const own = present && !doctypes.includes(present) ? `${options}\n${present}` : options;
		frm.set_df_property("email_campaign_for", "options", own);
	});
}

/** Show what holds up the steps of a campaign. */
export function show_drip_problem(frm, campaign) {
	const shown = (problem) => problem && frm.set_intro(escape(problem), "red");
	if (frm.doctype === "Campaign") return shown(frm.doc.drip_problem);
	if (campaign && !frm.is_new())
		frappe.db.get_value("Campaign", campaign, "drip_problem").then(({ message }) => shown((message || {}).drip_problem));
}

/** Show the steps of an enrolment: what has been sent and read, and what is still to come. */
export function show_steps(frm) {
	const $area = frm.get_field("steps_html").$wrapper.empty();
	frm.set_df_property("steps_section", "hidden", frm.is_new() ? 1 : 0);
	if (frm.is_new()) return;
	const name = frm.doc.name;
	frappe.xcall("email_campaigns.api.drips.steps", { name }, "GET").then((steps) => {
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
		const happened = DONE.filter((kind) => step[kind]).map((kind) => done_names()[kind]);
		return `<tr>${first_cells(step)}<td>${pill(step)}</td>
			<td class="text-muted">${escape([__(step.reason), ...happened].filter(Boolean).join(", "))}</td></tr>`;
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
	const told = condition ? `<div class="text-muted small">${escape(__(condition))}</div>` : "";
	return `<td>${number(days)}</td>
		<td><a href="#" class="ec-preview" data-step="${step}">${escape(template)}</a>${told}</td>
		<td class="text-nowrap">${frappe.datetime.str_to_user(at || due)}</td>`;
}

function pill({ status }) {
	return `<span class="indicator-pill ${COLOURS[status] || "gray"}">${escape(__(status || "To Come"))}</span>`;
}

function table(heads, rows) {
	const head = heads.map((label) => `<th>${label}</th>`).join("");
	return `<div class="table-responsive"><table class="table table-sm ec-steps">
		<tr class="text-muted">${head}</tr>${rows.join("")}</table></div>`;
}

function preview(name, step) {
	call("drips.preview", { name, step }).then((mail) => {
		const dialog = new frappe.ui.Dialog({
			title: __("Preview"),
			size: "extra-large",
			fields: [{ fieldtype: "HTML", fieldname: "mail" }],
		});
		email_campaigns.show_mail(dialog, mail);
		dialog.show();
	});
}

/** Show what came of the steps of a campaign, over all its enrolments. */
export function show_schedule(frm) {
	const $area = frm.get_field("schedule_html").$wrapper.empty();
	const { grid } = frm.fields_dict.campaign_schedules;
	time_zones().then((zones) => offer_in_grid(grid, "time_zone", ["The recipient's", ...zones]));
	if (frm.is_new() || !(frm.doc.campaign_schedules || []).length) return;
	const campaign = frm.doc.name;
	frappe.xcall("email_campaigns.api.drips.figures", { campaign }, "GET").then(({ steps, statuses }) => {
		if (frm.doc.name !== campaign || !Object.keys(statuses).length) return;
		$area.html(enrolments(campaign, statuses) + figures(steps));
	});
}

function enrolments(campaign, statuses) {
	const told = Object.entries(statuses).map(([status, count]) => {
		const query = new URLSearchParams({ campaign_name: campaign, status });
		return `<a href="/app/email-campaign?${escape(query)}">${number(count)} ${escape(__(status))}</a>`;
	});
	return `<p class="text-muted ec-enrolments">${__("Email Campaigns")}: ${told.join(", ")}</p>`;
}

function figures(steps) {
	const kinds = ["sent", "opened", "clicked", "replied", "bounced", "unsubscribed", "skipped", "failed", "waiting"];
	const names = [__("Sent"), __("Opened"), __("Clicked"), __("Replied"), __("Bounced"), __("Unsubscribed")];
	const heads = [...names, __("Skipped"), __("Failed"), __("To Come")];
	const rates = ["opened", "clicked", "replied"];
	const rows = steps.map(
		(step) => `<tr><td>${number(step.days)}</td><td>${escape(step.template)}</td>${kinds
			.map((kind) => cell(step[kind], rates.includes(kind) && step.sent ? step[kind] / step.sent : undefined))
			.join("")}</tr>`
	);
	const head = [__("Day"), __("Email Template")].map((label) => `<th>${label}</th>`);
	head.push(...heads.map((label) => `<th class="text-right">${label}</th>`));
	return `<div class="table-responsive"><table class="table table-sm ec-figures">
		<tr class="text-muted">${head.join("")}</tr>${rows.join("")}</table></div>`;
}

/** Ask for a campaign and a start, and enrol the records of a list view. */
export function ask_to_enrol(list, names, all) {
	const dialog = new frappe.ui.Dialog({
		title: __("Enrol in Campaign"),
		fields: [
			{
				fieldtype: "Link",
				fieldname: "campaign",
				label: __("Campaign"),
				options: "Campaign",
				reqd: 1,
				get_query: () => ({ filters: { status: ["not in", ["Inactive", "Complete"]] } }),
				description: __("Each recipient gets the steps of its Campaign Schedule, counted from the start date."),
			},
			{
				fieldtype: "Date",
				fieldname: "start_date",
				label: __("Start Date"),
				reqd: 1,
				default: frappe.datetime.get_today(),
			},
			which_field(list, names, all),
		],
		primary_action_label: __("Enrol"),
		primary_action: ({ which, ...values }) =>
			enrol(list, { ...values, ...chosen_records(list, names, which) }, dialog),
	});
	dialog.show();
}

function enrol(list, values, dialog) {
	call("drips.enrol", { doctype: list.doctype, ...values }, __("Enrolling…")).then((found) => {
		dialog.hide();
		list.clear_checked_items && list.clear_checked_items();
		tell(found, values.campaign);
	});
}

function tell({ enrolled, left_out, queued }, campaign) {
	const link = `<a href="/app/email-campaign?${escape(new URLSearchParams({ campaign_name: campaign }))}">${__("Show the Email Campaigns")}</a>`;
	if (queued) {
		const message = __("{0} records are being enrolled in the background. You get a notification.", [number(queued)]);
		frappe.show_alert({ message: `${message} ${link}`, indicator: "blue" }, 10);
		return;
	}
	const reasons = Object.entries(left_out).map(([reason, count]) => `<li>${number(count)}: ${escape(__(reason))}</li>`);
	const message = `<p>${__("{0} recipients were enrolled.", [number(enrolled)])} ${link}</p>`;
	if (!reasons.length) frappe.show_alert({ message, indicator: "green" }, 10);
	else
		frappe.msgprint({
			title: __("Enrolled"),
			message: `${message}<p>${__("Left out:")}</p><ul>${reasons.join("")}</ul>`,
			indicator: enrolled ? "orange" : "red",
		});
}
