/**
 * Let a column of a grid be chosen among `choices`, which have come from the server: in its rows and in those to come.
 *
 * Whoever types into a cell by then keeps the text and is offered what fits it. Frappe's `update_docfield_property` does
 * neither: it draws the cell anew, and a control that is there stays without choices.
 */
export function offer_in_grid(grid, fieldname, choices) {
	for (const columns of [grid.docfields, grid.user_defined_columns || []])
		for (const df of columns) if (df.fieldname === fieldname) df.options = choices;
	(grid.grid_rows || []).forEach((row) => offer_in_row(row, fieldname, choices));
}

/** Let a field of one row of a grid be chosen among `choices`, in its cell and in its form. */
export function offer_in_row(row, fieldname, choices) {
	row.docfields.find((df) => df.fieldname === fieldname).options = choices;
	for (const controls of [row.on_grid_fields_dict, row.grid_form && row.grid_form.fields_dict]) {
		const control = controls && controls[fieldname];
		if (control && control.set_data) control.set_data(choices);
	}
	take_label_for_value(row.doc, fieldname, choices);
}

/** A label that was typed in full before its choice had come is that choice. */
function take_label_for_value(doc, fieldname, choices) {
	const meant = choices.find(({ label }) => label && label === doc[fieldname]);
	if (meant && meant.value !== meant.label)
		frappe.model.set_value(doc.doctype, doc.name, fieldname, meant.value);
}

/** Leave the focus where somebody types: Frappe moves it to the first field half a second after a row's form has opened. */
export function keep_focus({ grid_form }) {
	const form = grid_form.form_area.get(0);
	const first = form.querySelector("input");
	if (first)
		first.focus = () => form.contains(document.activeElement) || HTMLElement.prototype.focus.call(first);
}
