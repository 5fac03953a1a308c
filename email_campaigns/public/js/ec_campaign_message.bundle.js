// The form of a Campaign Message.

import { show_sent_mail } from "./desk/sent_mail";

email_campaigns.campaign_message = { show_sent_mail };
