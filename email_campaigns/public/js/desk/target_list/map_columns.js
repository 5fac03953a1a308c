import { call, escape } from "../call";

/** Ask what each column of an uploaded file holds, import the file, and call `done` once the import has begun. */
export function map_columns(frm, file_url, done) {
	const target_list = frm.doc.name;
	call("members.csv_columns", { target_list, file_url }, __("Reading the file…")).then((file) => {
		const dialog = new frappe.ui.Dialog({
			title: __("Import CSV: Columns"),
			size: "large",
			fields: [
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
					change: () => offer(dialog, file, target_list),
				},
				{ fieldtype: "HTML", fieldname: "columns" },
			],
			primary_action_label: __("Import"),
			primary_action({ record_type }) {
				const mapping = chosen(dialog);
				if (!mapping) return;
				const args = {
					target_list,
					file_url,
					mapping: JSON.stringify(mapping),
					record_type: record_type || "",
				};
				call("members.import_members", args).then(() => {
					dialog.hide();
					done();
				});
			},
		});
		dialog.show();
		offer(dialog, file, target_list);
	});
}

/** Draw the columns with their possible fields; former choices stay where they are still possible. */
function offer(dialog, file, target_list) {
	const record_type = dialog.get_value("record_type") || "";
	// Until the new fields are there, the button would import by those of the former record type.
	dialog.get_primary_btn().prop("disabled", true);
	call("members.fields", { target_list, record_type }).then((fields) => {
		if (record_type !== (dialog.get_value("record_type") || "")) return;
		const $area = dialog.fields_dict.columns.$wrapper;
		const before = $area
			.find("select")
			.get()
			.map((select) => select.value);
		const rows = file.columns.map((column, place) =>
			draw_row(column, fields, before[place] || column.field || field_of_same_name(column, fields))
		);
		const heads = [__("Column of the File"), __("First Values"), __("Field")];
		$area.html(`<table class="table table-sm">
			<thead><tr>${heads.map((head) => `<th>${head}</th>`).join("")}</tr></thead>
			<tbody>${rows.join("")}</tbody></table>`);
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
	return `<tr><td><b>${escape(name)}</b></td><td class="text-muted">${escape(samples.join(", "))}</td>
		<td><select class="form-control input-xs">${options.join("")}</select></td></tr>`;
}

/** The mapping of the dialog, or undefined, with a message, where it is incomplete or ambiguous. */
function chosen(dialog) {
	const mapping = {};
	for (const [place, { value }] of dialog.fields_dict.columns.$wrapper.find("select").get().entries()) {
		if (value && value in mapping) {
			frappe.msgprint(__("Two columns are the same: choose one of them."));
			return;
		}
		if (value) mapping[value] = place;
	}
	if ("email" in mapping) return mapping;
	frappe.msgprint(__("Choose the column that holds the email address."));
}
