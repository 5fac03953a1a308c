// What the app adds to every page of the Desk, and the dialogs that its form scripts share.

import { add_one, from_email_group, from_records } from "./desk/add_members";
import { add_after } from "./desk/after";
import { offer_lists } from "./desk/behaviour_list";
import { calculate } from "./desk/calculate";
import { ask_for_reason, call } from "./desk/call";
import { show_copies } from "./desk/cc";
import { import_csv, show_report, watch_members } from "./desk/import_members";
import { offer_in_lists } from "./desk/list_action";
import { show_log } from "./desk/log";
import { plan_times } from "./desk/planning";
import { add_approval_steps } from "./desk/prepare";
import { preview, send_test } from "./desk/preview";
import { watch_mailing } from "./desk/progress";
import { offer_in_forms, resend } from "./desk/recipient";
import { report_filters } from "./desk/report_filters";
import { show_campaign_results, show_results } from "./desk/results";

frappe.provide("email_campaigns");
Object.assign(email_campaigns, {
	add_after,
	add_approval_steps,
	add_one,
	ask_for_reason,
	calculate,
	call,
	from_email_group,
	from_records,
	import_csv,
	offer_lists,
	plan_times,
	preview,
	report_filters,
	resend,
	send_test,
	show_campaign_results,
	show_copies,
	show_log,
	show_report,
	show_results,
	watch_mailing,
	watch_members,
});

offer_in_lists();
offer_in_forms();
