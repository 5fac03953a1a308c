"""Hooks of the app into Frappe, which reads them by name."""

app_name = "email_campaigns"
app_title = "Email Campaigns"
app_publisher = "The email_campaigns contributors"
app_description = "Email campaigns for every CRM on the Frappe Framework"
app_email = "hello@email-campaigns.example"
app_license = "MIT"

# It has "Add to Target List" and "Campaign Mails" for the lists and forms of all recipients. Each form of the
# app loads a bundle of its own.
app_include_js = ["email_campaigns.bundle.js"]

# The installation stops before it changes anything where another app owns one of our names.
before_install = "email_campaigns.install.before_install"
after_install = "email_campaigns.install.after_install"
before_uninstall = [
	"email_campaigns.uninstall.before_uninstall",
	"email_campaigns.uninstall.give_back_to_erpnext",
]

# ERPNext defines three of our doctypes too, and has jobs that would mail everybody a second time.
after_app_install = "email_campaigns.install.after_app_install"
after_app_uninstall = "email_campaigns.install.after_app_uninstall"
after_migrate = "email_campaigns.install.after_migrate"

# Links of guests are answered before the website looks up redirects, which takes longer than the answer. Any
# other request, and every job, may come to a hook or a controller of the app.
before_request = [
	"email_campaigns.api.public.routes.answer",
	"email_campaigns.compat.change_latest_rows",
	"email_campaigns.compat.tap_incoming_mail",
	"email_campaigns.api.exports.stay_in_request",
]
before_job = ["email_campaigns.compat.change_latest_rows", "email_campaigns.compat.tap_incoming_mail"]

# Shown each mail that Frappe has fetched, before Frappe marks or deletes it on its server (compat.py).
campaign_mail_fetched = ["email_campaigns.jobs.inbound.take_in"]

# A cookie marks a device on which a user has signed in: its opens and clicks are not counted.
on_session_creation = ["email_campaigns.api.public.own_device.remember_device"]
after_request = [
	"email_campaigns.api.public.own_device.mark_device",
	# An opt-out that comes during a migration is stored all the same.
	"email_campaigns.api.public.routes.note_refused",
	# Frappe refuses some bodies, and all requests during a migration, before a provider's call is stored.
	"email_campaigns.api.public.routes.answer_late",
	# A text of a stranger is no formula in a file with one of our lists.
	"email_campaigns.api.exports.remove_formulas",
]

scheduler_events = {
	"cron": {
		# Start what is due, steps of sequences included, recover what a dead worker did not finish, and feed
		# lists.
		"*/5 * * * *": [
			"email_campaigns.jobs.sending.tick",
			"email_campaigns.jobs.drip.tick",
			"email_campaigns.jobs.lists.run_feeds",
		],
		# Use free room in the sliding hour within a minute: the tick alone would lose up to 8 % of an hourly
		# quota.
		# The same for what has come back where the worker that judged it has died.
		"* * * * *": [
			"email_campaigns.jobs.sending.top_up",
			"email_campaigns.jobs.inbound.judge_if_waiting",
		],
	},
	# Follow opt-out fields that were changed past the documents, move campaigns and enrolments on by their
	# dates, count the members of lists again, send the owner of a mailing its figures a day after its end,
	# and end suppressions that pass.
	"hourly": [
		"email_campaigns.jobs.lists.follow_opt_outs",
		"email_campaigns.jobs.upkeep.update_statuses",
		"email_campaigns.jobs.drip.advance",
		"email_campaigns.jobs.upkeep.send_digests",
		"email_campaigns.jobs.outcomes.end_suppressions",
	],
	# Check the counters of results against the ledger; a mailing of a million mails takes some seconds.
	"daily_long": ["email_campaigns.jobs.upkeep.prove_counts"],
}

# What the ledger, the log and the links know by its name never shares it with another document.
_NAMED_ONCE = {
	"before_validate": ["email_campaigns.names_store.check_new_name"],
	"before_rename": ["email_campaigns.names_store.check_renaming"],
	"after_rename": ["email_campaigns.names_store.follow_renaming"],
	"after_delete": ["email_campaigns.names_store.retire_deleted"],
}

# The app alone writes the fields that it keeps, and a row is saved with its document.
_KEPT = {"before_validate": ["email_campaigns.kept_store.keep_fields"]}
_ROW = {
	"before_validate": ["email_campaigns.kept_store.refuse_row"],
	"on_trash": ["email_campaigns.kept_store.refuse_row"],
}

doc_events = {
	(
		"Campaign",
		"Campaign Log",
		"Campaign Mail Text",
		"Campaign Mail Values",
		"Campaign Message",
		"Email Campaign",
		"Domain Hold",
		"Email Campaign Settings",
		"Forgotten Address",
		"Inbound Event",
		"Mass Email",
		"Retired Name",
		"Sending Hold",
		"Suppressed Email",
		"Target List",
		"Target List Change",
		"Target List Feed Member",
		"Target List Member",
		"Target List Sign Up",
		"Tracking Link",
		"Waiting Opt Out",
	): _KEPT,
	(
		"Campaign AB Version",
		"Campaign CC Choice",
		"Campaign CC Field",
		"Campaign Domain Rate",
		"Campaign Email Schedule",
		"Campaign Language Version",
		"Campaign Recipient Source",
		"Campaign Target List",
		"Target List Feed",
		"Webhook Source",
	): _ROW,
	# A tick in the opt-out field of a record keeps mail from its address on every other record and list.
	# Members, mails and enrolments follow the records that they are about, whatever their doctype.
	"*": {
		"on_update": ["email_campaigns.audience.suppression.opt_outs_store.follow_record"],
		"before_rename": [
			"email_campaigns.delivery.renames_store.wait_for_freezes",
			"email_campaigns.drip.renames_store.wait_for_plans",
		],
		"after_rename": [
			"email_campaigns.audience.lists.renames_store.follow_renaming",
			"email_campaigns.delivery.renames_store.follow_renaming",
			"email_campaigns.drip.renames_store.follow_renaming",
		],
	},
	("Campaign", "Mass Email", "Email Campaign", "Tracking Link"): _NAMED_ONCE,
	# What an approval names keeps it.
	("Campaign", "Target List", "User", "Email Account"): {
		"before_rename": ["email_campaigns.mass_mailing.renames_store.note_approvals"],
		"after_rename": ["email_campaigns.mass_mailing.renames_store.rebind_approvals"],
	},
	"User": {"after_rename": ["email_campaigns.mass_mailing.renames_store.rename_author"]},
	# The trouble with its server is stored by its name.
	"Email Account": {
		"after_rename": ["email_campaigns.delivery.sending.hold_store.follow_renaming"],
		"after_delete": ["email_campaigns.delivery.sending.hold_store.forget_account"],
	},
	# Whoever inserts or starts ERPNext's jobs finds them stopped: they would mail everybody a second time.
	"Scheduled Job Type": {"validate": "email_campaigns.erpnext.jobs_store.keep_stopped"},
	"DocType": {"after_rename": "email_campaigns.jobs.renames.follow_renamed_doctype"},
	# An opt-out that a person makes anywhere in Frappe holds for campaigns too, and one from a campaign for
	# Frappe.
	"Email Unsubscribe": {
		"after_insert": [
			"email_campaigns.audience.suppression.suppression_store.mirror_email_unsubscribe",
			"email_campaigns.drip.events_store.follow_unsubscribe",
		],
		"on_trash": [
			"email_campaigns.audience.suppression.suppression_store.lift_email_unsubscribe",
			"email_campaigns.drip.events_store.follow_withdrawal",
		],
	},
	# The record of an opt-out is named after its address and list.
	"Target List": {
		**_NAMED_ONCE,
		"after_rename": [
			*_NAMED_ONCE["after_rename"],
			"email_campaigns.audience.suppression.suppression_store.follow_renamed_list",
		],
	},
}

# A row about a record is for those who may read the record.
permission_query_conditions = {
	"Campaign Message": "email_campaigns.record_rights_store.ledger_condition",
	"Campaign Log": "email_campaigns.record_rights_store.log_condition",
	"Target List Member": "email_campaigns.record_rights_store.member_condition",
	"Target List Change": "email_campaigns.record_rights_store.change_condition",
	"Email Campaign": "email_campaigns.record_rights_store.enrolment_condition",
	"Inbound Event": "email_campaigns.record_rights_store.inbound_condition",
}
_ABOUT_READABLE = "email_campaigns.record_rights_store.has_permission"
has_permission = dict.fromkeys(permission_query_conditions, _ABOUT_READABLE)

# Opt-outs, the record of what was sent, and the links in sent mails outlive their list and campaign.
ignore_links_on_delete = [
	"Suppressed Email",
	"Campaign Message",
	"Campaign Mail Text",
	"Campaign Log",
	"Inbound Event",
	"Tracking Link",
	"Target List Change",
	"Target List Sign Up",
	# It is deleted with its Email Account.
	"Sending Hold",
	# An enrolled record may be deleted all the same: the rest of its sequence is skipped with that reason.
	"Email Campaign",
]

# The timeline of a person's record shows the mails of campaigns, whatever the record's doctype.
additional_timeline_content = {"*": ["email_campaigns.api.desk.timeline.content"]}

# Frappe CRM's own front end shows the activities of a record by this function of it.
override_whitelisted_methods = {
	"crm.api.activities.get_activities": "email_campaigns.api.desk.crm.get_activities",
}

# Days; an administrator can change them in Frappe's Log Settings.
default_log_clearing_doctypes = {"Campaign Log": 365, "Target List Change": 180, "Inbound Event": 365}
