import { escape } from "../call";

const LABELS = {
	encoding: () => __("Encoding"),
	separator: () => __("Separator"),
	sheet: () => __("Sheet"),
	heading: () => __("Names of the Columns"),
};

/** Draw how a file is read, as choices beside its first lines; `changed` gets the layout after each choice. */
export function draw_layout($area, file, changed) {
	const choices = { ...file.choices, heading: headings(file) };
	const fields = Object.keys(LABELS).filter((field) => choices[field].length);
	$area.html(`<div class="row">${fields.map((field) => draw_choice(field, choices, file)).join("")}</div>
		<div class="ec-first-lines mb-3" style="overflow-x: auto">${draw_lines(file)}</div>`);
	$area.find("select").on("change", ({ target }) => {
		const layout = { ...file.layout, [target.dataset.field]: target.value };
		// Another sheet has its heading elsewhere.
		if (target.dataset.field === "sheet") layout.heading = "";
		changed(layout);
	});
}

function headings({ lines, layout }) {
	const numbers = lines.map(({ line }) => line);
	if (layout.heading && !numbers.includes(layout.heading)) numbers.push(layout.heading);
	return [
		{ value: 0, label: __("None: the first line has data") },
		...numbers.map((line) => ({ value: line, label: __("Line {0}", [line]) })),
	];
}

function draw_choice(field, choices, { layout }) {
	const options = choices[field].map(
		({ value, label }) =>
			`<option value="${escape(String(value))}"${value === layout[field] ? " selected" : ""}>${escape(
				label
			)}</option>`
	);
	return `<div class="form-group col-sm-4"><label class="control-label d-block">${LABELS[field]()}
		<select class="form-control input-xs" data-field="${field}">${options.join("")}</select></label></div>`;
}

function draw_lines({ lines, layout }) {
	const rows = lines.map(({ line, cells, problem }) => {
		const shown = cells.map((cell) => `<td class="text-nowrap">${escape(cell)}</td>`).join("");
		if (problem)
			return `<tr class="text-danger" title="${escape(problem)}"><td>${line}</td>${shown}</tr>`;
		const style =
			line === layout.heading ? "font-weight-bold" : line < layout.heading ? "text-muted" : "";
		return `<tr class="${style}"><td class="text-muted">${line}</td>${shown}</tr>`;
	});
	return `<table class="table table-sm table-bordered mb-0">${rows.join("")}</table>`;
}
