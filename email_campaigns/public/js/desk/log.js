import { escape } from "./call";
import { colour_of } from "./statuses";

const SHOWN = 20;

/** Put the last entries of the log that match `filters` into the field `log_html` of a form. */
export function show_log(frm, filters) {
	const $log = frm.get_field("log_html").$wrapper.empty();
	if (frm.is_new()) return;
	const fields = ["creation", "action", "email", "details", "recipient_doctype", "recipient_name"];
	fields.push("verdict", "reason");
	frappe.db
		.get_list("Campaign Log", { filters, fields, order_by: "creation desc", limit: SHOWN })
		.then((entries) => {
			$log.html(entries.length ? table(entries) : `<p class="text-muted">${__("Nothing yet.")}</p>`);
			$log.find(".ec-whole-log").on("click", () => {
				frappe.route_options = { ...filters };
				frappe.set_route("List", "Campaign Log", "List");
				return false;
			});
		});
}

function table(entries) {
	return `<table class="table table-sm ec-log">${entries.map(row).join("")}</table>
		<a href="#" class="ec-whole-log">${__("Show the whole log")}</a>`;
}

/** The details of an entry; for hits by bots and colleagues, the verdict with its reason too. */
function describe(details, verdict, reason) {
	const uncounted = ["machine", "internal"].includes(verdict) ? `${__(verdict)}: ${__(reason)}` : "";
	return [escape(details), `<span class="text-muted">${escape(uncounted || __(reason))}</span>`].join(" ");
}

function row({ creation, action, email, details, recipient_doctype, recipient_name, verdict, reason }) {
	const who = escape(email || recipient_name);
	const link =
		recipient_name && recipient_doctype !== "Target List Member"
			? `<a href="${frappe.utils.get_form_link(recipient_doctype, recipient_name)}">${who}</a>`
			: who;
	return `<tr>
		<td class="text-muted" style="white-space: nowrap">${frappe.datetime.str_to_user(creation)}</td>
		<td><span class="indicator-pill ${colour_of("action", action)}">${escape(__(action))}</span></td>
		<td>${link}</td><td>${describe(details, verdict, reason)}</td></tr>`;
}
