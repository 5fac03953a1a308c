// The form of the Email Campaign Settings.

import { keep_focus, offer_in_row } from "./desk/choices";
import { offer_sources } from "./desk/known_sources";
import { show_sources } from "./desk/sources";
import { offer_webhooks } from "./desk/webhooks";

email_campaigns.settings = { keep_focus, offer_in_row, offer_sources, offer_webhooks, show_sources };
