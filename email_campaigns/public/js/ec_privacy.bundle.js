// What the lists of Suppressed Email and Forgotten Address offer.

import { offer_privacy } from "./desk/privacy";

email_campaigns.privacy = { offer_privacy };
