// The form and the list of Email Campaigns.

import { offer_came_back } from "./desk/came_back";
import { offer_kinds, show_drip_problem, show_steps } from "./desk/drip/drip";
import { show_log } from "./desk/log";

email_campaigns.email_campaign = { offer_came_back, offer_kinds, show_drip_problem, show_log, show_steps };
