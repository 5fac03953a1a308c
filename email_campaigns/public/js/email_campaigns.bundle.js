// What the app adds to every page of the Desk, and the dialogs that its form scripts share.

import { add_one, from_email_group, from_records } from "./desk/add_members";
import { calculate, confirm_sending } from "./desk/calculate";
import { ask_for_reason, call } from "./desk/call";
import { call_lists } from "./desk/call_lists";
import { show_feeds } from "./desk/feeds";
import { compare_lists, copy_list, merge_lists } from "./desk/sets";
import { import_csv, show_report, watch_members } from "./desk/import_members";
import { offer_in_lists } from "./desk/list_action";
import { show_log } from "./desk/log";
import { offer_privacy } from "./desk/privacy";
import { preview, send_test } from "./desk/preview";
import { show_sign_up } from "./desk/sign_up";
import { watch_mailing } from "./desk/progress";

frappe.provide("email_campaigns");
Object.assign(email_campaigns, {
	add_one,
	ask_for_reason,
	calculate,
	call,
	call_lists,
	compare_lists,
	confirm_sending,
	copy_list,
	from_email_group,
	from_records,
	import_csv,
	merge_lists,
	offer_privacy,
	preview,
	send_test,
	show_feeds,
	show_log,
	show_report,
	show_sign_up,
	watch_mailing,
	watch_members,
});

offer_in_lists();
