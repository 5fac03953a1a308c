import { call, escape, number } from "../call";
import { approval_headline } from "./prepare";

const LIVE = ["Pending", "In Process"];
const INTERVAL = 5000; // milliseconds; realtime events come sooner where the site has them
const SEGMENTS = {
	Sent: "success",
	Uncertain: "warning",
	Failed: "danger",
	Expired: "danger",
	Cancelled: "secondary",
};
const tiles = () => ({
	[__("Sent")]: ["Sent"],
	[__("Waiting")]: ["Queued", "Sending"],
	[__("Failed")]: ["Failed", "Expired"],
	[__("Uncertain")]: ["Uncertain"],
	[__("Cancelled")]: ["Cancelled"],
	[__("Skipped")]: ["Skipped"],
});

/** Show the progress of a mailing, and keep it up to date while its form is on the screen. */
export function watch_mailing(frm) {
	if (!frm.ec_listens) {
		frm.ec_listens = true;
		frappe.realtime.on("mass_email_progress", ({ name }) => name === frm.doc.name && update(frm));
	}
	clearTimeout(frm.ec_timer);
	approval_headline(frm);
	if (!frm.is_new() && frm.doc.status !== "Draft") update(frm);
}

const update = frappe.utils.throttle(ask, 1000);

function ask(frm) {
	const name = frm.doc.name;
	clearTimeout(frm.ec_timer);
	call("mass_email.progress", { name }).then((state) => {
		if (!is_shown(frm, name)) return;
		if (has_changed(frm.doc, state)) return frm.reload_doc();
		draw(frm, state);
		banner(frm, state);
		const ends = state.status === "Cancelled" && state.by_status.Queued;
		if (LIVE.includes(state.status) || ends)
			frm.ec_timer = setTimeout(() => is_shown(frm, name) && ask(frm), INTERVAL);
	});
}

/** Tell whether what decides on buttons and sections has changed since the form was loaded. */
function has_changed(doc, { status, frozen, version }) {
	return status !== doc.status || frozen !== Boolean(doc.frozen) || version !== (doc.ab_winner || "");
}

function is_shown(frm, name) {
	const [, doctype, shown] = frappe.get_route();
	return doctype === frm.doctype && shown === name && frm.doc.name === name;
}

function draw(frm, state) {
	const { status, by_status, by_reason } = state;
	const sum = (states) => states.reduce((total, state) => total + (by_status[state] || 0), 0);
	const planned = sum(Object.values(tiles()).flat()) - sum(["Skipped"]);
	const done = planned - sum(["Queued", "Sending"]);
	const percent = planned ? Math.floor((100 * done) / planned) : 0;
	const segments = Object.entries(SEGMENTS).map(([state, colour]) => {
		const width = planned ? (100 * (by_status[state] || 0)) / planned : 0;
		return `<div class="progress-bar bg-${colour}" style="width: ${width}%" title="${__(state)}"></div>`;
	});
	const shown = Object.entries(tiles())
		.filter(([, states], place) => place < 2 || sum(states))
		.map(([label, states]) => tile(label, sum(states), states));
	const headline = planned
		? __("{0}% of {1} mails", [percent, number(planned)])
		: status === "Pending"
			? waiting(frm.doc.start_date)
			: __("Preparing the list of recipients…");
	frm.get_field("progress_html").$wrapper.html(`
		<div class="d-flex justify-content-between mb-2"><b class="ec-percent">${headline}</b>${times(frm.doc)}</div>
		<div class="progress mb-4" style="height: 12px">${segments.join("")}</div>
		<div class="d-flex flex-wrap">${planned ? shown.join("") : ""}</div>
		${pace(state)}${reasons(by_reason)}`);
	frm.get_field("progress_html")
		.$wrapper.find("[data-states]")
		.on("click", function () {
			frappe.route_options = {
				source: frm.doc.name,
				status: ["in", $(this).attr("data-states").split(",")],
			};
			frappe.set_route("List", "Campaign Message", "List");
			return false;
		});
}

function waiting(start_date) {
	return start_date > frappe.datetime.now_datetime()
		? __("Starts on {0}", [frappe.datetime.str_to_user(start_date)])
		: __("Starting…");
}

function tile(label, value, states) {
	return `<a href="#" data-states="${states}" class="mr-5 mb-3" style="min-width: 5rem">
		<span style="font-size: 1.5rem">${number(value)}</span><br><span class="text-muted">${label}</span></a>`;
}

function times({ started_on, completed_on }) {
	const parts = [
		started_on && __("Started {0}", [frappe.datetime.str_to_user(started_on)]),
		completed_on && __("ended {0}", [frappe.datetime.str_to_user(completed_on)]),
	];
	return `<span class="text-muted">${parts.filter(Boolean).join(", ")}</span>`;
}

/** The speed, the limit that holds the mailing up, and the estimated end. */
function pace({ status, rate, held_by, opens_in, ends_at }) {
	if (status !== "In Process") return "";
	const parts = [
		rate && __("{0} mails an hour at present", [number(rate)]),
		opens_in && __("held by {0}, continues in {1}", [escape(held_by), span(opens_in)]),
		ends_at && __("ends in about {0}", [span(ends_at - Date.now() / 1000)]),
	];
	return `<p class="text-muted ec-pace">${parts.filter(Boolean).join(" · ")}</p>`;
}

/** A number of seconds in minutes, hours or days. */
function span(seconds) {
	const minutes = Math.max(1, Math.ceil(seconds / 60));
	if (minutes < 120) return __("{0} minutes", [minutes]);
	const hours = Math.round(minutes / 60);
	return hours < 48 ? __("{0} hours", [hours]) : __("{0} days", [Math.round(hours / 24)]);
}

function reasons(by_reason) {
	const rows = Object.entries(by_reason).map(
		([reason, n]) => `<tr><td>${escape(__(reason))}</td><td class="text-right">${number(n)}</td></tr>`
	);
	if (!rows.length) return "";
	return `<p class="text-muted mb-1">${__("Skipped because")}</p>
		<table class="table table-sm ec-reasons" style="max-width: 28rem">${rows.join("")}</table>`;
}

const advice = () => ({
	Pending: __("It starts by itself as soon as this is fixed."),
	"In Process": __("It continues by itself as soon as this is fixed."),
	Paused: __("Fix this, then press Resume. No mail was lost, and none is sent twice."),
	Failed: __("Fix this, then duplicate this mailing and send the copy."),
});

/** What holds the mailing up, and what to do; nothing where it goes on by itself. */
function banner(frm, { problem, waits }) {
	frm.dashboard.clear_headline();
	if (!problem || frm.doc.status === "Draft") return approval_headline(frm);
	if (waits) return frm.dashboard.set_headline_alert(escape(problem), "orange");
	const unapproved = (frm.doc.__onload || {}).approval_fault;
	const what_to_do = unapproved
		? __("A Campaign Manager has to approve it as it is now. Then it can be resumed.")
		: advice()[frm.doc.status] || "";
	frm.dashboard.set_headline_alert(`<b>${escape(problem)}</b><br>${what_to_do}`, "red");
}
