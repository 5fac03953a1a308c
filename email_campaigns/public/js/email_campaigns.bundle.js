// What the app adds to every page of the Desk, and the dialogs that its form scripts share.

import { name_versions, show_test } from "./desk/mass_email/ab_versions";
import { add_one, from_email_group, from_records } from "./desk/target_list/add_members";
import { add_after } from "./desk/mass_email/resend";
import { offer_lists } from "./desk/mass_email/behaviour_list";
import { calculate } from "./desk/mass_email/calculate";
import { ask_for_reason, call } from "./desk/call";
import { show_copies } from "./desk/mass_email/copies";
import { show_feeds } from "./desk/target_list/feeds";
import { ask_to_enrol, offer_kinds, show_drip_problem, show_schedule, show_steps } from "./desk/drip/drip";
import { import_csv, show_report, watch_members } from "./desk/target_list/import_members";
import { offer_in_lists } from "./desk/target_list/list_action";
import { show_log } from "./desk/log";
import { plan_times } from "./desk/mass_email/planning";
import { add_approval_steps } from "./desk/mass_email/prepare";
import { preview, send_test, show as show_mail } from "./desk/mass_email/preview";
import { offer_privacy } from "./desk/privacy";
import { watch_mailing } from "./desk/mass_email/progress";
import { offer_in_forms, resend } from "./desk/recipient";
import { report_filters } from "./desk/report_filters";
import { show_campaign_results, show_results } from "./desk/mass_email/results";
import { compare_lists, copy_list, merge_lists } from "./desk/target_list/copy";
import { show_sign_up } from "./desk/target_list/sign_up";
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
	compare_lists,
	copy_list,
	default_tracking,
	from_email_group,
	from_records,
	import_csv,
	judge_again,
	merge_lists,
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
