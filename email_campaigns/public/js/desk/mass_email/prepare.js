import { table } from "./calculate";
import { ask_for_reason, call, escape, hide_dialog, saved } from "../call";

const MARKS = { error: ["✕", "red"], warning: ["!", "orange"], ok: ["✓", "green"] };

/** Show the recipients and the check list, then start the mailing or ask for its approval. */
export function prepare(frm) {
	return look(frm).then((preparation) => {
		const [label, message] = preparation.approval
			? [__("Ask for Approval"), __("The approval was requested.")]
			: [start_label(preparation), ""];
		open(frm, preparation, label, approvers_hint(preparation), (overruled) =>
			step(frm, "submit", { overruled }, message)
		);
	});
}

/** Show the same to the approver; changes made meanwhile are not approved unseen. */
export function approve(frm) {
	return look(frm).then((preparation) => {
		const paused = frm.doc.status === "Paused";
		const hint = paused
			? __("Once it is approved as it is now, it can be resumed.")
			: start_hint(preparation);
		open(frm, preparation, __("Approve"), hint, (overruled) =>
			step(frm, "approve", { seen: preparation.seen, overruled }, __("Approved."))
		);
	});
}

export function reject(frm) {
	ask_for_reason(
		__("Reject This Mailing"),
		__("It becomes a Draft again. Whoever asked for the approval will see the reason."),
		__("Reject"),
		(reason) => step(frm, "reject", { reason })
	);
}

/** Add the buttons of the steps before the start that the user may take; `add` takes (label, action, type). */
export function add_approval_steps(frm, add, back_to_draft) {
	const { may_approve, asked_for_it, approval_fault } = frm.doc.__onload || {};
	const { status } = frm.doc;
	if (status === "Draft") add(__("Prepare…"), () => prepare(frm), "primary");
	if (status === "Pending Approval" && may_approve) {
		add(__("Approve…"), () => approve(frm), "primary");
		add(__("Reject…"), () => reject(frm));
	}
	if (status === "Pending" || (status === "Pending Approval" && asked_for_it))
		add(__("Back to Draft"), back_to_draft, (status === "Pending" || !may_approve) && "primary");
	if (status === "Paused" && approval_fault && may_approve)
		add(__("Approve…"), () => approve(frm), "primary");
}

/** Show above the form who waits for whom, why the mailing was rejected, or why its approval is void. */
export function approval_headline(frm) {
	const { status, problem, requested_by, rejected_by, rejection_reason, approver, modified } = frm.doc;
	const name = (user) => `<b>${escape(frappe.user_info(user).fullname || user)}</b>`;
	if (status === "Draft" && problem) frm.dashboard.set_headline_alert(escape(problem), "red");
	else if (status === "Draft" && rejected_by)
		frm.dashboard.set_headline_alert(
			__("{0} has rejected this mailing: {1}", [name(rejected_by), escape(rejection_reason)]),
			"orange"
		);
	else if (status === "Pending Approval") {
		const values = [
			name(requested_by),
			frappe.datetime.str_to_user(modified),
			approver && name(approver),
		];
		const text = approver
			? __("{0} asked {2} for the approval on {1}.", values)
			: __("{0} asked for the approval on {1}.", values);
		frm.dashboard.set_headline_alert(text, "blue");
	}
}

function look(frm) {
	return saved(frm).then(() =>
		call("approval.prepare", { name: frm.doc.name }, __("Checking the mailing…"))
	);
}

function step(frm, method, args, message) {
	return call(`approval.${method}`, { name: frm.doc.name, ...args }, __("Checking the mailing…"))
		.then(() => frm.reload_doc())
		.then(() => message && frappe.show_alert({ message, indicator: "green" }));
}

function open(frm, preparation, label, hint, submit) {
	const dialog = new frappe.ui.Dialog({
		title: escape(frm.doc.title),
		size: "large",
		fields: [{ fieldtype: "HTML", fieldname: "checks", options: content(preparation, hint) }],
		primary_action_label: label,
		primary_action: () => {
			const overruled = $.map(dialog.$wrapper.find(".ec-overrule:checked"), (box) => box.value);
			hide_dialog(dialog);
			submit(overruled);
		},
	});
	const follow = () => allow(dialog, preparation.findings);
	dialog.$wrapper.on("change", ".ec-overrule", follow);
	follow();
	dialog.show();
}

/** Let the dialog go on where there is no error, and every warning that asks has been overruled. */
function allow(dialog, findings) {
	const blocked = findings.some(({ level }) => level === "error");
	const undecided = dialog.$wrapper.find(".ec-overrule:not(:checked)").length;
	// Frappe's own disable_primary_action changes the looks alone.
	dialog.get_primary_btn().prop("disabled", Boolean(blocked || undecided));
}

function content({ findings, count }, hint) {
	const lines = findings.map((finding) => {
		const [mark, colour] = MARKS[finding.level];
		return `<tr data-level="${finding.level}"><td><span class="indicator-pill no-indicator-dot ${colour}">${mark}</span></td>
			<td class="w-100" style="overflow-wrap: anywhere">${escape(finding.text)}${decision(finding)}</td></tr>`;
	});
	const blocked = findings.some(({ level }) => level === "error");
	const asks = findings.some(({ key, overruled }) => key && !overruled);
	const advice = [
		blocked && __("What is marked ✕ has to be fixed before the mailing can start."),
		asks && __("Fix each warning that has a box, or tick it where the mailing is right as it is."),
		!blocked && hint,
	]
		.filter(Boolean)
		.join("<br>");
	return `<table class="table table-sm ec-findings">${lines.join("")}</table>
		${count ? table(count) : ""}${advice ? `<p class="ec-hint mb-0">${advice}</p>` : ""}`;
}

/** The box with which a person overrules a warning, or who has done so. */
function decision({ key, overruled }) {
	if (!key) return "";
	if (overruled)
		return `<div class="text-muted small ec-overruled">${__("Overruled by {0} on {1}", [
			`<b>${escape(overruled.by)}</b>`,
			display(overruled.on),
		])}</div>`;
	return `<div class="checkbox mb-0"><label><input type="checkbox" class="ec-overrule" value="${escape(key)}">
		${__("This is right, send it as it is")}</label></div>`;
}

function start_label({ starts }) {
	return starts ? __("Schedule for {0}", [display(starts)]) : __("Send Now");
}

function start_hint({ starts, time_zone }) {
	const time = starts && `<b>${escape(display(starts))}${time_zone ? ` (${escape(time_zone)})` : ""}</b>`;
	return time ? __("Start: {0}", [time]) : __("It starts as soon as it is approved.");
}

function approvers_hint(preparation) {
	if (!preparation.approval)
		return preparation.starts && preparation.time_zone ? start_hint(preparation) : "";
	const names = preparation.approvers.map((name) => `<b>${escape(name)}</b>`).join(", ");
	return `${start_hint(preparation)} ${names ? __("Approvers: {0}", [names]) : ""}`;
}

function display(time) {
	return frappe.datetime.str_to_user(time.split(".")[0]);
}
