// The form and the list of Email Campaigns.

import { offer_kinds, show_drip_problem, show_steps } from "./desk/drip/drip";
import { show_log } from "./desk/log";

email_campaigns.email_campaign = { offer_kinds, show_drip_problem, show_log, show_steps };
