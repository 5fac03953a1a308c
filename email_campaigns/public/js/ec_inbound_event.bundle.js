// The form of an Inbound Event.

import { offer_decisions } from "./desk/inbound_event";

email_campaigns.inbound_event = { offer_decisions };
