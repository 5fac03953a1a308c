import { as_choices, call, escape, hide_dialog, recipient_doctypes, saved } from "../call";
import { colour_of } from "../statuses";
import { watch_members } from "./import_members";

/** Show the feeds of a list as a table, each with the result of its last run and its actions. */
export function show_feeds(frm) {
	const may_write = frm.perm[0] && frm.perm[0].write;
	const rows = (frm.doc.feeds || []).map((feed) => draw_row(feed, may_write)).join("");
	const add = may_write
		? `<button class="btn btn-xs btn-default" data-do="add">${__("Add Feed…")}</button>`
		: "";
	const all =
		may_write && (frm.doc.feeds || []).some((feed) => feed.enabled)
			? `<button class="btn btn-xs btn-default ml-2" data-do="run">${__("Run All Now")}</button>`
			: "";
	const table = rows
		? `<table class="table table-sm ec-feeds mb-3"><tbody>${rows}</tbody></table>`
		: `<p class="text-muted">${__("This list has no feeds: people add its members.")}</p>`;
	const $area = frm.get_field("feeds_html").$wrapper.html(table + add + all);
	$area.find("[data-do]").on("click", function () {
		const feed = (frm.doc.feeds || []).find(({ name }) => name === $(this).attr("data-feed"));
		ACTIONS[$(this).attr("data-do")](frm, feed);
		return false;
	});
}

const ACTIONS = {
	add: (frm) => edit(frm),
	edit: (frm, feed) => edit(frm, feed),
	run: (frm, feed) => run(frm, feed),
	remove: (frm, feed) => remove(frm, feed),
};

function draw_row(feed, may_write) {
	const last = feed.status ? __(feed.status) : __("Not Run Yet");
	const state = feed.enabled ? last : __("Off");
	const colour = feed.enabled ? colour_of("feed", feed.status) : "gray";
	const what =
		feed.kind === "Report"
			? __("Report {0}, column {1}", [feed.report, feed.report_column])
			: __("{0} by a filter", [__(feed.record_type)]);
	const facts = [
		__(feed.schedule),
		feed.no_longer_match === "Leave"
			? __("who no longer matches leaves")
			: __("who no longer matches stays"),
		feed.run_as && __("runs as {0}", [feed.run_as]),
		feed.last_run && __("last run {0}", [frappe.datetime.prettyDate(feed.last_run)]),
	];
	const link = (action, label) =>
		`<a href="#" class="mr-3" data-do="${action}" data-feed="${escape(feed.name)}">${label}</a>`;
	const actions =
		link("run", feed.status === "Waiting" ? __("Let Them Leave") : __("Run Now")) +
		link("edit", __("Edit")) +
		link("remove", __("Remove"));
	return `<tr><td>
		<span class="indicator-pill ${colour} mr-2">${escape(state)}</span><b>${escape(feed.title)}</b>
		<span class="text-muted">${escape(what)} · ${escape(facts.filter(Boolean).join(" · "))}</span>
		${feed.last_result ? `<div class="mt-1">${escape(feed.last_result)}</div>` : ""}
		${may_write ? `<div class="mt-1 small">${actions}</div>` : ""}
	</td></tr>`;
}

function run(frm, feed) {
	return saved(frm)
		.then(() => call("target_list.run_feed", { target_list: frm.doc.name, feed: feed ? feed.name : "" }))
		.then(() => watch_members(frm));
}

function remove(frm, feed) {
	const question = __("Remove the feed {0}? The members that it has added stay on the list.", [
		escape(feed.title).bold(),
	]);
	frappe.confirm(question, () => {
		frappe.model.clear_doc(feed.doctype, feed.name);
		frm.refresh_field("feeds");
		frm.dirty();
		frm.save();
	});
}

/** Make or change a feed in a dialog, then save the form. */
function edit(frm, feed) {
	recipient_doctypes().then((doctypes) => {
		const dialog = new frappe.ui.Dialog({
			title: feed ? __("Edit Feed") : __("Add Feed"),
			size: "large",
			fields: feed_fields(doctypes, feed || {}, () => dialog),
			primary_action_label: __("Save"),
			primary_action: (values) => store(frm, feed, values, dialog),
		});
		dialog.show();
		filter_for(dialog, feed && feed.filters);
		if (feed && feed.report) offer_columns(dialog, feed.report_column);
	});
}

function feed_fields(doctypes, feed, dialog) {
	const by_filter = "eval:doc.kind === 'Saved Filter'";
	const by_report = "eval:doc.kind === 'Report'";
	return [
		{ fieldtype: "Data", fieldname: "title", label: __("Title"), reqd: 1, default: feed.title },
		{
			fieldtype: "Check",
			fieldname: "enabled",
			label: __("Enabled"),
			default: feed.name ? feed.enabled : 1,
		},
		{ fieldtype: "Column Break" },
		{
			fieldtype: "Select",
			fieldname: "schedule",
			label: __("Schedule"),
			options: as_choices(["Hourly", "Daily", "Weekly"]),
			default: feed.schedule || "Daily",
		},
		{
			fieldtype: "Select",
			fieldname: "no_longer_match",
			label: __("Those Who No Longer Match"),
			options: as_choices(["Stay", "Leave"]),
			default: feed.no_longer_match || "Stay",
			description: __("Members whom a person or another feed has added stay in any case."),
		},
		{ fieldtype: "Section Break" },
		{
			fieldtype: "Select",
			fieldname: "kind",
			label: __("Who"),
			options: [
				{ value: "Saved Filter", label: __("Records that match a filter") },
				{ value: "Report", label: __("The rows of a report") },
			],
			default: feed.kind || "Saved Filter",
		},
		{
			fieldtype: "Select",
			fieldname: "record_type",
			label: __("Record Type"),
			options: as_choices(doctypes),
			default: feed.record_type || doctypes[0],
			depends_on: by_filter,
			change: () => filter_for(dialog()),
		},
		{ fieldtype: "HTML", fieldname: "filter_area", depends_on: by_filter },
		{
			fieldtype: "Link",
			fieldname: "report",
			label: __("Report"),
			options: "Report",
			default: feed.report,
			depends_on: by_report,
			mandatory_depends_on: by_report,
			get_query: () => ({ filters: { disabled: 0 } }),
			change: () => offer_columns(dialog()),
		},
		{
			fieldtype: "Code",
			fieldname: "report_filters",
			label: __("Filters of the Report"),
			options: "JSON",
			default: feed.report_filters,
			depends_on: by_report,
			max_height: "5rem",
			description: __("If the report needs any, for example {0}", [
				'<code>{"company": "Example Ltd"}</code>',
			]),
		},
		{
			fieldtype: "Select",
			fieldname: "report_column",
			label: __("Column That Names the Record or the Address"),
			depends_on: by_report,
			mandatory_depends_on: by_report,
		},
	];
}

/** Make the filter area for the record type that is chosen; `filters` are those that it begins with. */
function filter_for(dialog, filters) {
	const doctype = dialog.get_value("record_type");
	const $area = dialog.fields_dict.filter_area.$wrapper;
	if (!doctype || dialog.ec_filters_of === doctype) return;
	dialog.ec_filters_of = doctype;
	$area.empty();
	// Until the new filters are there, the button would save the former ones.
	dialog.get_primary_btn().prop("disabled", true);
	frappe.model.with_doctype(doctype, () => {
		if (doctype !== dialog.get_value("record_type")) return;
		dialog.filter_group = new frappe.ui.FilterGroup({ parent: $area, doctype, on_change: () => {} });
		dialog.filter_group.add_filters_to_filter_group(known(filters ? JSON.parse(filters) : []));
		dialog.get_primary_btn().prop("disabled", false);
	});
}

/** Without the filters of deleted fields, which the filter area can't show; the feed reports them itself. */
function known(filters) {
	return filters.filter(([doctype, field]) => field === "name" || frappe.meta.has_field(doctype, field));
}

/** Ask the report for its columns; running it may take a moment. */
function offer_columns(dialog, chosen) {
	const report = dialog.get_value("report");
	if (!report || dialog.ec_columns_of === report) return;
	dialog.ec_columns_of = report;
	const args = { report, report_filters: dialog.get_value("report_filters") || "" };
	const waiting = __("Asking the report for its columns…");
	call("target_list.feed_columns", args, waiting).then(
		(columns) => {
			const options = columns.map(({ fieldname, label, doctype }) => ({
				value: fieldname,
				label: doctype ? `${label} (${__(doctype)})` : `${label} (${__("addresses")})`,
			}));
			const gone = chosen && !columns.some(({ fieldname }) => fieldname === chosen);
			dialog.set_df_property("report_column", "options", options);
			dialog.set_value(
				"report_column",
				chosen && !gone ? chosen : options.length ? options[0].value : ""
			);
		},
		() => (dialog.ec_columns_of = "")
	);
}

function store(frm, feed, values, dialog) {
	const filled = ([, , , value]) => value !== "" && value !== null && value !== undefined;
	const by_report = values.kind === "Report";
	const row_values = {
		...values,
		record_type: by_report ? "" : values.record_type,
		filters: by_report
			? ""
			: JSON.stringify(
					dialog.filter_group
						.get_filters()
						.filter(filled)
						.map((row) => row.slice(0, 4))
				),
		report: by_report ? values.report : "",
		report_filters: by_report ? values.report_filters : "",
		report_column: by_report ? values.report_column : "",
	};
	delete row_values.filter_area;
	const before = feed && Object.assign({}, feed);
	const row = feed || frm.add_child("feeds");
	Object.assign(row, row_values);
	frm.dirty();
	return frm.save().then(
		() => hide_dialog(dialog),
		() => (before ? Object.assign(row, before) : frappe.model.clear_doc(row.doctype, row.name))
	);
}
