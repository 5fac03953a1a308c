/**
 * Offer `choices`, which have come from the server, in a column of a grid: in its rows and in those to come.
 *
 * A user who is typing into a cell meanwhile keeps the text and is offered the choices that fit it. Frappe's
 * `update_docfield_property` does neither: it draws the cell anew, and an existing control stays without choices.
 */
export function offer_in_grid(grid, fieldname, choices) {
	for (const columns of [grid.docfields, grid.user_defined_columns || []])
		for (const df of columns) if (df.fieldname === fieldname) df.options = choices;
	(grid.grid_rows || []).forEach((row) => offer_in_row(row, fieldname, choices));
}

/** Offer `choices` in a field of a grid row, in its cell and in its form. */
export function offer_in_row(row, fieldname, choices) {
	row.docfields.find((df) => df.fieldname === fieldname).options = choices;
	for (const controls of [row.on_grid_fields_dict, row.grid_form && row.grid_form.fields_dict]) {
		const control = controls && controls[fieldname];
		if (control && control.set_data) control.set_data(choices);
	}
	take_label_for_value(row.doc, fieldname, choices);
}

/** Set the value of a choice whose label the user typed in full before the choices came. */
function take_label_for_value(doc, fieldname, choices) {
	const choice = choices.find(({ label }) => label && label === doc[fieldname]);
	if (choice && choice.value !== choice.label)
		frappe.model.set_value(doc.doctype, doc.name, fieldname, choice.value);
}

/** Keep the focus where the user types: Frappe moves it to the first field half a second after a row's form opens. */
export function keep_focus({ grid_form }) {
	const form = grid_form.form_area.get(0);
	const first = form.querySelector("input");
	if (first)
		first.focus = () => form.contains(document.activeElement) || HTMLElement.prototype.focus.call(first);
}
