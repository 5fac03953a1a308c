// The form of a Target List.

import { add_one, from_email_group, from_records } from "./desk/target_list/add_members";
import { compare_lists, copy_list, merge_lists } from "./desk/target_list/copy";
import { show_feeds } from "./desk/target_list/feeds";
import { import_csv, show_report, watch_members } from "./desk/target_list/import_members";
import { show_sign_up } from "./desk/target_list/sign_up";

email_campaigns.target_list = {
	add_one,
	compare_lists,
	copy_list,
	from_email_group,
	from_records,
	import_csv,
	merge_lists,
	show_feeds,
	show_report,
	show_sign_up,
	watch_members,
};
