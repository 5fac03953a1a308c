// The form of a Mass Email.

import { show_authors } from "./desk/authors";
import { offer_came_back } from "./desk/came_back";
import { show_log } from "./desk/log";
import { name_versions, show_test } from "./desk/mass_email/ab_versions";
import { offer_lists } from "./desk/mass_email/behaviour_list";
import { calculate } from "./desk/mass_email/calculate";
import { show_copies } from "./desk/mass_email/copies";
import { plan_times } from "./desk/mass_email/planning";
import { add_approval_steps } from "./desk/mass_email/prepare";
import { preview, send_test } from "./desk/mass_email/preview";
import { watch_mailing } from "./desk/mass_email/progress";
import { add_after } from "./desk/mass_email/resend";
import { show_results } from "./desk/mass_email/results";
import { show_texts } from "./desk/mass_email/texts";
import { default_tracking } from "./desk/tracking";

email_campaigns.mass_email = {
	add_after,
	add_approval_steps,
	calculate,
	default_tracking,
	name_versions,
	offer_came_back,
	offer_lists,
	plan_times,
	preview,
	send_test,
	show_authors,
	show_copies,
	show_log,
	show_results,
	show_test,
	show_texts,
	watch_mailing,
};
