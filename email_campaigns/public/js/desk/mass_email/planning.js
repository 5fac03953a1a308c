const CLOCKS = ["start_date", "deadline"];
let zones;

/** The time zones that can be chosen, requested once. */
export function time_zones() {
	zones = zones || frappe.xcall("email_campaigns.api.desk.choices.time_zones", {}, "GET");
	return zones;
}

/** Offer the time zones, and let the start and the deadline be clock times of the chosen zone. */
export function plan_times(frm) {
	time_zones().then((names) => frm.get_field("time_zone").set_data(names));
	CLOCKS.forEach((field) => keep_as_typed(frm, frm.get_field(field)));
	show_zone(frm);
}

/**
 * Keep a time as it is typed where the mailing names a zone. Frappe would take it for a time of the user's own
 * zone and store it in the site's zone.
 */
function keep_as_typed(frm, control) {
	if (control.ec_read) return;
	control.ec_read = true;
	const { parse, format_for_input, set_disp_area } = control;
	control.parse = (value) =>
		frm.doc.time_zone ? value && frappe.datetime.user_to_str(value, false) : parse.call(control, value);
	control.format_for_input = (value) =>
		frm.doc.time_zone ? value && display(value) : format_for_input.call(control, value);
	control.set_disp_area = (value) =>
		frm.doc.time_zone && value
			? $(control.disp_area).text(display(value))
			: set_disp_area.call(control, value);
}

function display(value) {
	const format = `${frappe.datetime.get_user_date_fmt().toUpperCase()} ${frappe.datetime.get_user_time_fmt()}`;
	return moment(value, frappe.defaultDatetimeFormat).format(format);
}

/** Show the zone below each clock time. */
export function show_zone(frm) {
	const boot = frappe.boot.time_zone || {};
	const zone = frm.doc.time_zone || boot.user || boot.system || frappe.sys_defaults.time_zone;
	for (const field of CLOCKS) {
		const control = frm.get_field(field);
		control.ec_description = control.ec_description || (control.df.description || "").split("<br>")[0];
		control.df.hide_timezone = 1;
		frm.set_df_property(
			field,
			"description",
			`${control.ec_description}<br>${frappe.utils.escape_html(zone)}`
		);
	}
}
