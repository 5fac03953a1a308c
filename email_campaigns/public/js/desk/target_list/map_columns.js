import { call, escape, hide_dialog } from "../call";
import { draw_layout } from "./file_layout";

const OPTED_OUT = "opted_out";

/** Ask how an uploaded file is read and what each column holds, import it, and call `done` once that has begun. */
export function map_columns(frm, file_url, done) {
	const asked = { target_list: frm.doc.name, file_url };
	call("members.csv_columns", asked, __("Reading the file…")).then((file) => {
		const dialog = new frappe.ui.Dialog({
			title: __("Import CSV: Columns"),
			size: "large",
			fields: [
				{ fieldtype: "HTML", fieldname: "layout" },
				{
					fieldtype: "Select",
					fieldname: "record_type",
					label: __("The Addresses Join As"),
					options: [
						{ value: "", label: __("Plain addresses") },
						...file.record_types.map((value) => ({
							value,
							label: __("{0}: the record with the address, or a new one", [__(value)]),
						})),
					],
					change: () => offer(dialog, asked),
				},
				{ fieldtype: "HTML", fieldname: "columns" },
			],
			primary_action_label: __("Import"),
			primary_action({ record_type }) {
				const mapping = chosen(dialog);
				if (!mapping) return;
				const args = { ...asked, ...dialog.ec_file.layout, mapping: JSON.stringify(mapping) };
				call("members.import_members", { ...args, record_type: record_type || "" }).then(() => {
					hide_dialog(dialog);
					done();
				});
			},
		});
		dialog.show();
		show_file(dialog, asked, file);
	});
}

/** Show a file as it is read; each other choice reads it anew. What is shown is what the import uses. */
function show_file(dialog, asked, file) {
	dialog.ec_file = file;
	draw_layout(dialog.fields_dict.layout.$wrapper, file, (layout) => {
		dialog.get_primary_btn().prop("disabled", true);
		call("members.csv_columns", { ...asked, ...layout }, __("Reading the file…")).then(
			(read) => show_file(dialog, asked, read),
			() => show_file(dialog, asked, file) // the server has said why; the former choice holds
		);
	});
	dialog.fields_dict.columns.$wrapper.empty(); // choices for the columns of another layout
	offer(dialog, asked);
}

/** Draw the columns with their possible fields; former choices stay where they are still possible. */
function offer(dialog, { target_list }) {
	const record_type = dialog.get_value("record_type") || "";
	const file = dialog.ec_file;
	// Until the new fields are there, the button would import by those of the former record type.
	dialog.get_primary_btn().prop("disabled", true);
	call("members.fields", { target_list, record_type }).then((fields) => {
		if (record_type !== (dialog.get_value("record_type") || "") || file !== dialog.ec_file) return;
		const $area = dialog.fields_dict.columns.$wrapper;
		const before = $area
			.find("select")
			.get()
			.map((select) => select.value);
		const rows = file.columns.map((column, place) =>
			draw_row(column, fields, before[place] || column.field || field_of_same_name(column, fields))
		);
		const heads = [__("Column of the File"), __("First Values"), __("Field")];
		$area.html(`<div style="overflow-x: auto"><table class="table table-sm">
			<thead><tr>${heads.map((head) => `<th>${head}</th>`).join("")}</tr></thead>
			<tbody>${rows.join("")}</tbody></table></div>
			<p class="text-muted small">${__(
				"Whoever has opted out by a column “Opted Out” does not join, and gets no campaign mail any more."
			)}</p>`);
		dialog.get_primary_btn().prop("disabled", false);
	});
}

/** The field of the record whose label is the name of the column. */
function field_of_same_name({ name }, fields) {
	const same = fields.find(({ label }) => label.toLowerCase() === name.trim().toLowerCase());
	return same ? same.value : "";
}

function draw_row({ name, samples }, fields, field) {
	const options = [{ value: "", label: __("Not imported") }, ...fields].map(
		({ value, label }) =>
			`<option value="${escape(value)}"${value === field ? " selected" : ""}>${escape(label)}</option>`
	);
	return `<tr><td><b>${escape(name)}</b></td><td class="text-muted" style="overflow-wrap: anywhere">${escape(samples.join(", "))}</td>
		<td><select class="form-control input-xs" style="min-width: 7.5rem">${options.join("")}</select></td></tr>`;
}

/** The mapping of the dialog, or undefined, with a message, where it is incomplete or ambiguous. */
function chosen(dialog) {
	const mapping = {};
	for (const [place, { value }] of dialog.fields_dict.columns.$wrapper.find("select").get().entries()) {
		if (!value) continue;
		// A file may have a column for each way to opt out.
		const key = value === OPTED_OUT ? `${OPTED_OUT}:${place}` : value;
		if (key in mapping) {
			frappe.msgprint(__("Two columns are the same: choose one of them."));
			return;
		}
		mapping[key] = place;
	}
	if ("email" in mapping) return mapping;
	frappe.msgprint(__("Choose the column that holds the email address."));
}
