const CLOCKS = ["start_date", "deadline"];
let zones;

/** The time zones that can be chosen, asked for once. */
export function time_zones() {
	zones = zones || frappe.xcall("email_campaigns.api.desk.choices.time_zones", {}, "GET");
	return zones;
}

/** Let the time zone of a mailing be chosen, and its start and deadline be clock times of that zone. */
export function plan_times(frm) {
	time_zones().then((names) => frm.get_field("time_zone").set_data(names));
	CLOCKS.forEach((field) => read_as_typed(frm, frm.get_field(field)));
	show_zone(frm);
}

/**
 * Frappe takes what a user types for a time of the user's own zone and stores that of the site's zone. A time of a
 * zone that the mailing names is neither: it stays as it is typed.
 */
function read_as_typed(frm, control) {
	if (control.ec_read) return;
	control.ec_read = true;
	const { parse, format_for_input, set_disp_area } = control;
	control.parse = (value) =>
		frm.doc.time_zone ? value && frappe.datetime.user_to_str(value, false) : parse.call(control, value);
	control.format_for_input = (value) =>
		frm.doc.time_zone ? value && as_it_is(value) : format_for_input.call(control, value);
	control.set_disp_area = (value) =>
		frm.doc.time_zone && value
			? $(control.disp_area).text(as_it_is(value))
			: set_disp_area.call(control, value);
}

function as_it_is(value) {
	const format = `${frappe.datetime.get_user_date_fmt().toUpperCase()} ${frappe.datetime.get_user_time_fmt()}`;
	return moment(value, frappe.defaultDatetimeFormat).format(format);
}

/** Say below each clock in which zone it goes. */
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
