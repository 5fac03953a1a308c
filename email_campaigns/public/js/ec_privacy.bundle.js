// Privacy requests in the lists of Suppressed Email and Forgotten Address.

import { offer_privacy } from "./desk/privacy";

email_campaigns.privacy = { offer_privacy };
