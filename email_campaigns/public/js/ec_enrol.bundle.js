// The dialog that enrols the records of a list view.

import { ask_to_enrol } from "./desk/drip/enrol";

email_campaigns.enrol = { ask_to_enrol };
