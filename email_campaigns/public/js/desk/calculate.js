import { call, escape, number, saved } from "./call";

/** Show who would get the mailing now: members, minus each reason, equals mails. */
export function calculate(frm) {
	return count(frm).then((found) =>
		frappe.msgprint({ title: __("Recipients"), message: table(found), indicator: "blue" })
	);
}

/** Count, ask with the number of recipients in the question, then let the mailing go. */
export function confirm_sending(frm, at_once) {
	return count(frm).then((found) => {
		if (!found.planned) {
			frappe.msgprint({
				title: __("Nobody Would Get This Mailing"),
				message: table(found),
				indicator: "red",
			});
			return;
		}
		const start = at_once ? __("now") : frappe.datetime.str_to_user(frm.doc.start_date);
		const question = __("Recipients: {0}. Start: {1}. Send this mailing?", [
			`<b>${number(found.planned)}</b>`,
			`<b>${start}</b>`,
		]);
		frappe.confirm(`<p>${question}</p>${table(found)}`, () => schedule(frm, at_once));
	});
}

function schedule(frm, at_once) {
	return call("schedule", { name: frm.doc.name, at_once: at_once ? 1 : 0 }, __("Checking the mailing…")).then(
		() => frm.reload_doc()
	);
}

function count(frm) {
	return saved(frm).then(() => call("calculate", { name: frm.doc.name }, __("Counting recipients…")));
}

function table({ members, planned, skipped }) {
	const reasons = Object.entries(skipped).map(([reason, n]) => row(escape(__(reason)), `− ${number(n)}`));
	return `<table class="table table-sm ec-calculation">
		${row(__("Members of the target lists"), number(members))}
		${reasons.join("")}
		${row(`<b>${__("Mails to send")}</b>`, `<b>= ${number(planned)}</b>`)}
	</table>`;
}

function row(label, value) {
	return `<tr><td>${label}</td><td class="text-right">${value}</td></tr>`;
}
