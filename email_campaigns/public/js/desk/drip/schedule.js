import { escape, number } from "../call";
import { offer_in_grid } from "../choices";
import { time_zones } from "../mass_email/planning";
import { cell } from "../mass_email/result_parts";

/** Show the figures of a campaign's steps, over all its enrolments. */
export function show_schedule(frm) {
	const $area = frm.get_field("schedule_html").$wrapper.empty();
	const { grid } = frm.fields_dict.campaign_schedules;
	time_zones().then((zones) => offer_in_grid(grid, "time_zone", ["The recipient's", ...zones]));
	if (frm.is_new() || !(frm.doc.campaign_schedules || []).length) return;
	const campaign = frm.doc.name;
	frappe.xcall("email_campaigns.api.desk.drip.figures", { campaign }, "GET").then(({ steps, statuses }) => {
		if (frm.doc.name !== campaign || !Object.keys(statuses).length) return;
		$area.html(enrolments(campaign, statuses) + figures(steps));
	});
}

function enrolments(campaign, statuses) {
	const links = Object.entries(statuses).map(([status, count]) => {
		const query = new URLSearchParams({ campaign_name: campaign, status });
		return `<a href="/app/email-campaign?${escape(query)}">${number(count)} ${escape(__(status))}</a>`;
	});
	return `<p class="text-muted ec-enrolments">${__("Email Campaigns")}: ${links.join(", ")}</p>`;
}

function figures(steps) {
	const kinds = [
		"sent",
		"opened",
		"clicked",
		"replied",
		"bounced",
		"unsubscribed",
		"skipped",
		"failed",
		"waiting",
	];
	const names = [__("Sent"), __("Opened"), __("Clicked"), __("Replied"), __("Bounced"), __("Unsubscribed")];
	const heads = [...names, __("Skipped"), __("Failed"), __("To Come")];
	const rates = ["opened", "clicked", "replied"];
	const rows = steps.map(
		(step) =>
			`<tr><td>${number(step.days)}</td><td>${escape(step.template)}</td>${kinds
				.map((kind) =>
					cell(step[kind], rates.includes(kind) && step.sent ? step[kind] / step.sent : undefined)
				)
				.join("")}</tr>`
	);
	const head = [__("Day"), __("Email Template")].map((label) => `<th>${label}</th>`);
	head.push(...heads.map((label) => `<th class="text-right">${label}</th>`));
	return `<div class="table-responsive"><table class="table table-sm ec-figures">
		<tr class="text-muted">${head.join("")}</tr>${rows.join("")}</table></div>`;
}
