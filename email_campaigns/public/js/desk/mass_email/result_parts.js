import { escape, number } from "../call";

const COLOURS = { opened: "#2490ef", clicked: "#48bb74", replied: "#ed6396" };
const kinds = () => ({ opened: __("Opened"), clicked: __("Clicked"), replied: __("Replied") });
const outcomes = () => ({ wrote: __("Wrote to you"), unsubscribed: __("Unsubscribed") });

/** Show a mailing's results in parts below its figures. */
export function draw_parts($area, { timeline, links, domains, languages, lift }) {
	$area.empty();
	draw_timeline($area, timeline);
	if (lift) $area.append(draw_lift(lift));
	if (links.length) $area.append(draw_links(links));
	const $pair = $(`<div class="row"></div>`).appendTo($area);
	add_table($pair, __("By Domain"), domains, (label) => label || __("None"));
	// A mailing in one language has nothing to compare.
	if (languages.length > 1) add_table($pair, __("By Language"), languages, language);
}

function language(code) {
	if (!code) return __("For everybody");
	const entry = Object.entries(frappe.boot.lang_dict || {}).find(([, known]) => known === code);
	return entry ? __(entry[0]) : code;
}

function draw_timeline($area, { hours, points }) {
	const length = points.opened.length;
	if (length < 2) return;
	const names = kinds();
	const shown = Object.keys(names).filter((kind) => points[kind].some(Boolean));
	$area.append(heading(__("Over Time")));
	const $chart = $(`<div class="ec-timeline"></div>`).appendTo($area);
	new frappe.Chart($chart[0], {
		type: "line",
		height: 220,
		colors: shown.map((kind) => COLOURS[kind]),
		lineOptions: { hideDots: length > 30 ? 1 : 0, regionFill: 1 },
		axisOptions: { xIsSeries: 1, xAxisMode: "tick", shortenYAxisNumbers: 1 },
		data: {
			labels: points.opened.map((_number, place) => since_start(place * hours, hours)),
			datasets: shown.map((kind) => ({ name: names[kind], values: points[kind] })),
		},
	});
	$area.append(`<p class="text-muted small">${describe_step(hours)}</p>`);
}

function since_start(hours, step) {
	return step < 24 ? __("{0} h", [hours]) : __("{0} d", [hours / 24]);
}

function describe_step(hours) {
	const step = hours < 24 ? __("{0} hours", [hours]) : __("{0} days", [Math.round(hours / 24)]);
	return hours === 1
		? __("People who did this for the first time, hour by hour since the start.")
		: __("People who did this for the first time, in steps of {0} since the start.", [step]);
}

function heading(label) {
	return `<h6 class="mt-4 mb-2">${label}</h6>`;
}

function draw_links(links) {
	const rows = links.map(
		({ link, title, people, clicks, machine_clicks }) => `<tr>
			<td><a href="${frappe.utils.get_form_link("Tracking Link", link)}">${escape(title)}</a></td>
			${cell(people)}${cell(clicks)}${cell(machine_clicks)}</tr>`
	);
	const heads = [__("Link"), __("People"), __("Clicks"), __("Clicks by Bots")];
	return heading(__("By Link")) + table("ec-links", heads, rows);
}

function add_table($pair, label, parts, name) {
	if (!parts.length) return;
	const rows = parts.map(
		(part) => `<tr><td>${part.rest ? `<i>${__("All others")}</i>` : escape(name(part.label))}</td>
			${cell(part.sent)}${cell(part.opened, part.open_rate)}${cell(part.clicked, part.click_rate)}
			${cell(part.bounced, part.bounce_rate)}</tr>`
	);
	const heads = ["", __("Mailed"), __("Opened"), __("Clicked"), __("Bounced")];
	$pair.append(`<div class="col-md-6">${heading(label)}${table("ec-part", heads, rows)}</div>`);
}

function table(name, heads, rows) {
	const head = heads
		.map((label, place) => `<th class="${place ? "text-right" : ""}">${label}</th>`)
		.join("");
	return `<div class="table-responsive"><table class="table table-sm ${name}">
		<tr class="text-muted">${head}</tr>${rows.join("")}</table></div>`;
}

function draw_lift({ mailed, held_out, confidence, outcomes: differences }) {
	const names = outcomes();
	const rows = differences.map(
		(row) => `<tr><td>${names[row.name]}</td>
			<td class="text-right">${percent(row.mailed, 2)}</td><td class="text-right">${percent(row.held_out, 2)}</td>
			<td class="text-right"><b>${points(row.difference)}</b></td>
			<td class="text-right text-nowrap text-muted">${points(row.low)} … ${points(row.high)}</td>
			<td>${verdict(row)}</td></tr>`
	);
	const heads = [
		"",
		__("Mailed ({0})", [number(mailed)]),
		__("Held out ({0})", [number(held_out)]),
		__("Lift (points)"),
		__("{0} % sure", [Math.round(100 * confidence)]),
		"",
	];
	const explanation = __(
		"People in the hold-out group had nothing to open or click, so the groups are compared by what the site sees of both since the start."
	);
	return `${heading(__("Against the Hold-out Group"))}${table("ec-lift", heads, rows)}
		<p class="text-muted small">${explanation}</p>`;
}

/** A difference of two shares, in percentage points. */
function points(value) {
	const sign = value > 0 ? "+" : value < 0 ? "−" : "";
	return `${sign}${format_number(100 * Math.abs(value), null, 2)}`;
}

function verdict({ significant, difference }) {
	if (!significant) return `<span class="indicator-pill gray">${__("not significant")}</span>`;
	return `<span class="indicator-pill ${difference > 0 ? "blue" : "orange"}">${
		difference > 0 ? __("more than without") : __("less than without")
	}</span>`;
}

/** A cell of a table with a count and, where there is one, its rate. */
export function cell(count, rate) {
	const share =
		rate === undefined || rate === null ? "" : ` <span class="text-muted">${percent(rate)}</span>`;
	return `<td class="text-right text-nowrap">${number(count)}${share}</td>`;
}

export function percent(share, digits = 1) {
	return share === null || share === undefined ? "–" : `${format_number(100 * share, null, digits)} %`;
}
