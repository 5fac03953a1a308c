import { call, escape } from "../call";

/** Ask which column of an uploaded file is which, import the file, and call `done` once that has begun. */
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
							label: __("{0}: the record with the address, made where there is none", [
								__(value),
							]),
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

/** Draw the columns with what they can be; what was chosen before stays where it can. */
function offer(dialog, file, target_list) {
	const record_type = dialog.get_value("record_type") || "";
	// Until its fields are there, a press would import by those of the former record type.
	dialog.get_primary_btn().prop("disabled", true);
	call("members.fields", { target_list, record_type }).then((fields) => {
		if (record_type !== (dialog.get_value("record_type") || "")) return;
		const $area = dialog.fields_dict.columns.$wrapper;
		const before = $area
			.find("select")
			.get()
			.map((select) => select.value);
		const rows = file.columns.map((column, place) =>
			row_of(column, fields, before[place] || column.field || namesake(column, fields))
		);
		const heads = [__("Column of the File"), __("First Values"), __("Is")];
		$area.html(`<table class="table table-sm">
			<thead><tr>${heads.map((head) => `<th>${head}</th>`).join("")}</tr></thead>
			<tbody>${rows.join("")}</tbody></table>`);
		dialog.get_primary_btn().prop("disabled", false);
	});
}

/** A field of the record that is called as the column is. */
function namesake({ name }, fields) {
	const same = fields.find(({ label }) => label.toLowerCase() === name.trim().toLowerCase());
	return same ? same.value : "";
}

function row_of({ name, samples }, fields, field) {
	const options = [{ value: "", label: __("Not imported") }, ...fields].map(
		({ value, label }) =>
			`<option value="${escape(value)}"${value === field ? " selected" : ""}>${escape(label)}</option>`
	);
	return `<tr><td><b>${escape(name)}</b></td><td class="text-muted">${escape(samples.join(", "))}</td>
		<td><select class="form-control input-xs">${options.join("")}</select></td></tr>`;
}

/** The mapping of the dialog, or nothing where it says too little or too much. */
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
