// Lifting what one refusal has suppressed, on the form and in the list of Suppressed Email.

import { lift_refusal, offer_lifting } from "./desk/lift_refusal";

email_campaigns.suppressed_email = { lift_refusal, offer_lifting };
