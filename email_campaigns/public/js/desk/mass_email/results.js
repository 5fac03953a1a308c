import { escape, number } from "../call";
import { cell, draw_parts, percent } from "./result_parts";

const API = "email_campaigns.api.desk.results";
const WITH_RESULTS = ["In Process", "Paused", "Complete", "Cancelled"];

const steps = () => ({
	planned: __("Planned"),
	sent: __("Mailed"),
	delivered: __("Delivered"),
	opened: __("Opened"),
	clicked: __("Clicked"),
	replied: __("Replied"),
});
const rate_names = () => ({
	open_rate: __("Opened"),
	click_rate: __("Clicked"),
	click_to_open_rate: __("Clicked after opening"),
	reply_rate: __("Replied"),
	bounce_rate: __("Bounced"),
	unsubscribe_rate: __("Unsubscribed"),
	complaint_rate: __("Complained"),
});
const bases = {
	sent: (people) => __("of {0} mailed", [people]),
	delivered: (people) => __("of {0} delivered", [people]),
	opened: (people) => __("of {0} who opened", [people]),
};

/** Show the results of a mailing: figures at once, the parts when the server has counted them. */
export function show_results(frm) {
	const $area = frm.get_field("results_html").$wrapper.empty();
	if (frm.is_new() || !WITH_RESULTS.includes(frm.doc.status)) return;
	const name = frm.doc.name;
	const shown = () => frm.doc.name === name && $area.is(":visible");
	frappe.xcall(`${API}.summary`, { name }, "GET").then((summary) => {
		if (frm.doc.name !== name) return;
		$area.html(figures(summary));
		if (!summary.counts.sent) return;
		const $parts = $(`<div class="ec-parts"></div>`).appendTo($area);
		frappe.xcall(`${API}.details`, { name }, "GET").then((parts) => shown() && draw_parts($parts, parts));
	});
}

/** Show the sum over a campaign's mailings, and the mailings beside each other. */
export function show_campaign_results(frm) {
	const $area = frm.get_field("results_html").$wrapper.empty();
	frm.set_df_property("results_section", "hidden", 1);
	if (frm.is_new() || !frappe.model.can_read("Mass Email")) return;
	const name = frm.doc.name;
	frappe.xcall(`${API}.campaign`, { name }, "GET").then((results) => {
		if (frm.doc.name !== name || !(results.mailings.length || results.revenue.length)) return;
		frm.set_df_property("results_section", "hidden", 0);
		const sent = results.mailings.length ? figures(results) + comparison(results.mailings) : "";
		$area.html(sent + won(results.revenue));
	});
}

function figures({ counts, rates, funnel, tracked }) {
	if (!counts.sent) return `<p class="text-muted ec-no-results">${__("No mail has been sent yet.")}</p>`;
	const untracked = tracked
		? ""
		: `<p class="text-muted">${__("Informational mail is not tracked: nobody knows who opened it.")}</p>`;
	return `${untracked}<div class="row">
		<div class="col-md-6">${draw_funnel(funnel)}</div>
		<div class="col-md-6">${draw_rates(rates)}</div></div>
		<p class="text-muted small">${explanation()}</p>`;
}

function explanation() {
	return __(
		"Figures count people, each once, without the seed group, copies and tests. Bots are link scanners and image proxies, with which nobody reads."
	);
}

function draw_funnel(funnel) {
	const names = steps();
	const first = Math.max(1, funnel[0].count);
	const rows = funnel.map(({ name, count, raw, share }) => {
		const width = (value) => Math.min(100, (100 * value) / first);
		const bots = raw > count ? `<div style="width: ${width(raw - count)}%" class="ec-bots"></div>` : "";
		return `<tr><td class="text-nowrap text-muted" style="width: 1%">${names[name]}</td>
			<td><div class="ec-bar"><div style="width: ${width(count)}%" class="ec-people"></div>${bots}</div></td>
			<td class="text-right text-nowrap" style="width: 1%"><b>${number(count)}</b></td>
			<td class="text-right text-nowrap text-muted" style="width: 1%">${percent(share)}</td></tr>`;
	});
	return `${style()}<table class="table table-sm table-borderless ec-funnel">${rows.join("")}</table>`;
}

function style() {
	return `<style>.ec-bar { display: flex; height: 14px; background: var(--control-bg, #f3f3f3); border-radius: 4px;
		overflow: hidden; margin-top: 3px } .ec-people { background: var(--blue-500, #2490ef) }
		.ec-bots { background: var(--gray-400, #c0c6cc) }</style>`;
}

function draw_rates(rates) {
	const names = rate_names();
	const has_bots = rates.some(({ count, raw_count }) => raw_count > count);
	const rows = rates.map(({ name, count, human, raw, base, of: total, raw_count }) => {
		const with_bots = raw_count > count ? `${number(raw_count)} · ${percent(raw)}` : "";
		return `<tr><td>${names[name]}</td><td class="text-right text-nowrap">${number(count)}</td>
			<td class="text-right text-nowrap"><b>${percent(human)}</b></td>
			<td class="text-nowrap text-muted">${bases[base](number(total))}</td>
			${has_bots ? `<td class="text-right text-nowrap text-muted">${with_bots}</td>` : ""}</tr>`;
	});
	const head = has_bots
		? `<tr class="text-muted small"><td></td><td colspan="3">${__("People")}</td>
			<td class="text-right text-nowrap">${__("With bots")}</td></tr>`
		: "";
	return `<table class="table table-sm ec-rates">${head}${rows.join("")}</table>`;
}

function won(revenue) {
	const rows = revenue.map(({ amount, currency, deals }) => {
		const sum = format_currency(amount, currency);
		return `<tr><td>${__("Revenue of won deals")}</td><td class="text-right"><b>${sum}</b></td>
			<td class="text-muted">${__("{0} deals", [number(deals)])}</td></tr>`;
	});
	return rows.length ? `<table class="table table-sm ec-revenue">${rows.join("")}</table>` : "";
}

function comparison(mailings) {
	const heads = [
		__("Mailing"),
		__("Started"),
		__("Mailed"),
		__("Opened"),
		__("Clicked"),
		__("Replied"),
		__("Bounced"),
		__("Unsubscribed"),
	];
	const rows = mailings.map(
		(
			m
		) => `<tr><td><a href="${frappe.utils.get_form_link("Mass Email", m.name)}">${escape(m.title)}</a></td>
			<td class="text-muted">${m.started_on ? frappe.datetime.str_to_user(m.started_on, false, true) : ""}</td>
			${cell(m.sent)}${cell(m.opened, m.open_rate)}${cell(m.clicked, m.click_rate)}${cell(m.replied)}
			${cell(m.bounced, m.bounce_rate)}${cell(m.unsubscribed)}</tr>`
	);
	const head = heads.map((label, place) => `<th class="${place > 1 ? "text-right" : ""}">${label}</th>`);
	return `<div class="table-responsive"><table class="table table-sm ec-mailings">
		<tr class="text-muted">${head.join("")}</tr>${rows.join("")}</table></div>`;
}
