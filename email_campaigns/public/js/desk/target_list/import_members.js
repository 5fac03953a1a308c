import { call, escape, number } from "../call";
import { map_columns } from "./map_columns";

const INTERVAL = 1500; // milliseconds between two requests for the progress of a job

/** Upload a CSV file or a workbook and import it into the target list in the background. */
export function import_csv(frm) {
	new frappe.ui.FileUploader({
		dialog_title: __("Import CSV"),
		doctype: frm.doctype,
		docname: frm.doc.name,
		folder: "Home/Attachments",
		allow_multiple: false,
		upload_notes: __(
			"In the next step, you say what each column holds. One has to be the email address."
		),
		restrictions: { allowed_file_types: [".csv", ".txt", ".tsv", ".xlsx"], max_number_of_files: 1 },
		on_success(file) {
			map_columns(frm, file.file_url, () => watch_members(frm));
		},
	});
}

/** Show the progress of a job that adds members, while it lasts and the form is on the screen. */
export function watch_members(frm) {
	clearTimeout(frm.ec_timer);
	if (frm.is_new()) return;
	const target_list = frm.doc.name;
	call("members.members_progress", { target_list }).then(({ adding, modified }) => {
		if (!is_shown(frm, target_list)) return;
		if (adding) {
			draw(frm, adding);
			frm.ec_timer = setTimeout(() => is_shown(frm, target_list) && watch_members(frm), INTERVAL);
			return;
		}
		frm.get_field("progress_html").$wrapper.empty();
		// A job may have ended between the loading of the form and this answer.
		if (modified !== frm.doc.modified && !frm.is_dirty()) frm.reload_doc();
	});
}

function is_shown(frm, name) {
	const [, doctype, shown] = frappe.get_route();
	return doctype === frm.doctype && shown === name && frm.doc.name === name;
}

function draw(frm, { done, total }) {
	const headline = done
		? __("Adding members: {0} of {1}", [number(done), number(total)])
		: __("Adding members: waiting for a background worker…");
	frm.get_field("progress_html").$wrapper.html(`<p class="mb-2"><b>${headline}</b></p>
		<div class="progress mb-3" style="height: 12px">
			<div class="progress-bar bg-success" style="width: ${total ? (100 * done) / total : 0}%"></div>
		</div>
		<p class="text-muted">${__("This goes on in the background; you can leave the page.")}</p>`);
}

/** Show the report of an import: its first line as the summary, each other line as a row, and its file. */
export function show_report(frm) {
	const [summary, ...lines] = (frm.doc.import_report || "").split("\n");
	const rows = lines.map((line) => `<tr><td>${escape(line)}</td></tr>`).join("");
	const file = frm.doc.import_file;
	const download =
		file &&
		`<p><a class="btn btn-default btn-sm ec-report-file" href="${escape(encodeURI(file))}" download>${__(
			"Download All Lines That Did Not Join"
		)}</a></p>`;
	frm.get_field("report_html").$wrapper.html(
		summary &&
			`<div class="alert alert-${lines.length ? "warning" : "success"} ec-summary">${escape(summary)}</div>
			${download || ""}
			<div style="max-height: 24rem; overflow: auto"><table class="table table-sm ec-report">${rows}</table></div>`
	);
}
