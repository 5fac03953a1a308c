// Every page of the Desk loads this bundle. It has the entries in other doctypes' lists and forms, and what list
// scripts and reports need while they load. Each form has a bundle of its own, ec_FORM.bundle.js, which it requires
// before it loads. The bundles of all apps share one namespace, hence "ec_".

import { ask_for_reason, call } from "./desk/call";
import { offer_in_forms, resend } from "./desk/recipient";
import { report_filters } from "./desk/report_filters";
import { colour_of } from "./desk/statuses";
import { offer_in_lists } from "./desk/target_list/list_action";

frappe.provide("email_campaigns");
Object.assign(email_campaigns, { ask_for_reason, call, colour_of, report_filters, resend });

offer_in_lists();
offer_in_forms();
