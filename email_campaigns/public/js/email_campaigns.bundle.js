// What the app adds to every page of the Desk, and the dialogs that its form scripts share.

import { name_versions, show_test } from "./desk/ab_test";
import { add_one, from_email_group, from_records } from "./desk/add_members";
import { add_after } from "./desk/after";
import { offer_lists } from "./desk/behaviour_list";
import { calculate } from "./desk/calculate";
import { ask_for_reason, call } from "./desk/call";
import { call_lists } from "./desk/call_lists";
import { show_copies } from "./desk/cc";
import { show_feeds } from "./desk/feeds";
import { ask_to_enrol, offer_kinds, show_drip_problem, show_schedule, show_steps } from "./desk/drips";
import { import_csv, show_report, watch_members } from "./desk/import_members";
import { keep_focus, offer_in_row } from "./desk/choices";
import { offer_in_lists } from "./desk/list_action";
import { show_log } from "./desk/log";
import { plan_times } from "./desk/planning";
import { add_approval_steps } from "./desk/prepare";
import { preview, send_test, show as show_mail } from "./desk/preview";
import { offer_privacy } from "./desk/privacy";
import { watch_mailing } from "./desk/progress";
import { offer_in_forms, resend } from "./desk/recipient";
import { report_filters } from "./desk/report_filters";
import { show_campaign_results, show_results } from "./desk/results";
import { compare_lists, copy_list, merge_lists } from "./desk/sets";
import { show_sign_up } from "./desk/sign_up";
import { default_tracking, judge_again, show_link_code } from "./desk/tracking";

frappe.provide("email_campaigns");
Object.assign(email_campaigns, {
	add_after,
	add_approval_steps,
	add_one,
	ask_for_reason,
	ask_to_enrol,
	calculate,
	call,
	call_lists,
	compare_lists,
	copy_list,
	default_tracking,
	from_email_group,
	from_records,
	import_csv,
	judge_again,
	keep_focus,
	merge_lists,
	offer_in_row,
	offer_kinds,
	name_versions,
	offer_lists,
	offer_privacy,
	plan_times,
	preview,
	report_filters,
	resend,
	send_test,
	show_campaign_results,
	show_copies,
	show_drip_problem,
	show_feeds,
	show_link_code,
	show_log,
	show_mail,
	show_report,
	show_results,
	show_schedule,
	show_sign_up,
	show_steps,
	show_test,
	watch_mailing,
	watch_members,
});

offer_in_lists();
offer_in_forms();
