// The form of a Campaign.

import { show_authors } from "./desk/authors";
import { show_drip_problem } from "./desk/drip/drip";
import { show_schedule } from "./desk/drip/schedule";
import { show_log } from "./desk/log";
import { show_copies } from "./desk/mass_email/copies";
import { show_campaign_results } from "./desk/mass_email/results";
import { default_tracking } from "./desk/tracking";

email_campaigns.campaign = {
	default_tracking,
	show_authors,
	show_campaign_results,
	show_copies,
	show_drip_problem,
	show_log,
	show_schedule,
};
