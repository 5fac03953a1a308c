import { call, escape } from "./call";
import { colour_of } from "./statuses";

const titles = () => ({ replies: __("Replies"), bounces: __("Bounces and Complaints") });

/** Add buttons that show what came back for the mails of a form. */
export function offer_came_back(frm, group) {
	if (frm.is_new() || !frappe.model.can_read("Inbound Event")) return;
	frm.add_custom_button(__("Replies"), () => show(frm, "replies"), group);
	frm.add_custom_button(__("Bounces"), () => show(frm, "bounces"), group);
}

function show(frm, what) {
	const dialog = new frappe.ui.Dialog({
		title: titles()[what],
		size: "large",
		fields: [{ fieldtype: "HTML", fieldname: "events" }],
	});
	const $area = dialog.get_field("events").$wrapper;
	dialog.show();
	add_page(frm, what, $area, 0);
}

function add_page(frm, what, $area, before) {
	const args = { doctype: frm.doctype, name: frm.doc.name, before };
	call(`inbound.${what}`, args).then(({ rows, more }) => {
		if (!rows.length && !before)
			return $area.html(`<p class="text-muted">${__("Nothing has come back so far.")}</p>`);
		rows.forEach((row) => $area.append(card(row)));
		if (!more) return;
		const $more = $(`<button class="btn btn-default btn-sm">${__("Show More")}</button>`).appendTo($area);
		$more.on("click", () => {
			$more.remove();
			add_page(frm, what, $area, rows[rows.length - 1].name);
		});
	});
}

function card(row) {
	const { name, received_at, kind, bounce_class, subject, text, reason, asks_to_leave } = row;
	const label = [__(kind), bounce_class && __(bounce_class)].filter(Boolean).join(": ");
	const wish = asks_to_leave ? pill(__("Asks to get no more mails"), "orange") : "";
	const unproven = row.status === "Unproven" ? pill(__("Unproven"), "yellow") : "";
	const missing = reason ? `<div class="text-muted">${escape(reason)}</div>` : "";
	return `<div class="ec-came-back border-bottom py-3">
		<div class="d-flex flex-wrap" style="gap: 0.5rem">${pill(label, colour_of("came_back", kind))} ${unproven} ${wish}
			<span>${who(row)}</span><span class="text-muted">${frappe.datetime.str_to_user(received_at)}</span>
			<a href="${frappe.utils.get_form_link("Inbound Event", name)}">${__("Open")}</a></div>
		${subject ? `<b>${escape(subject)}</b>` : ""}${missing}
		<div style="white-space: pre-wrap; overflow-wrap: anywhere">${escape(words(row, text))}</div></div>`;
}

/** What was written; of a report, its code and the server that reports it too. */
function words({ enhanced, reporter }, text) {
	const rest = enhanced && text.startsWith(enhanced) ? text.slice(enhanced.length).trim() : text;
	const said = [enhanced, rest].filter(Boolean).join(" ");
	return reporter ? __("{0}, reported by {1}", [said, reporter]) : said;
}

function pill(label, colour) {
	return `<span class="indicator-pill ${colour}">${escape(label)}</span>`;
}

function who({ email, sender, kind, recipient_doctype, recipient_name }) {
	const name = escape(email);
	const link =
		recipient_name && recipient_doctype !== "Target List Member"
			? `<a href="${frappe.utils.get_form_link(recipient_doctype, recipient_name)}">${name}</a>`
			: name;
	const other = kind === "Reply" && sender && sender.toLowerCase() !== (email || "").toLowerCase();
	return other ? __("{0}, for {1}", [escape(sender), link]) : link;
}
