// The form of the Email Campaign Settings.

import { keep_focus, offer_in_row } from "./desk/choices";

email_campaigns.settings = { keep_focus, offer_in_row };
