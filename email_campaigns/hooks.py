"""Live settings of the app; Frappe reads them by name."""

app_name = "email_campaigns"
app_title = "Email Campaigns"
app_publisher = "The email_campaigns contributors"
app_description = "Email campaigns for every CRM on the Frappe Framework"
app_email = "hello@email-campaigns.example"
app_license = "MIT"

# "Add to Target List" and "Campaign Mails" in the lists and forms of all recipients; each form of the app loads a
# bundle of its own.
app_include_js = ["email_campaigns.bundle.js"]

# A name that another app owns must stop the installation before anything is changed.
before_install = "email_campaigns.install.before_install"
after_install = "email_campaigns.install.after_install"
before_uninstall = [
	"email_campaigns.uninstall.before_uninstall",
	"email_campaigns.uninstall.give_back_to_erpnext",
]

# ERPNext has definitions of three of our doctypes, and jobs that would mail everybody a second time.
after_app_install = "email_campaigns.install.after_app_install"
after_migrate = "email_campaigns.install.after_migrate"

# Guests' links are answered before the website's redirect look-ups, which cost more than the answer.
before_request = ["email_campaigns.api.public.routes.answer"]

# A device on which somebody signed in to work here is known by a cookie: its opens and clicks are not counted.
on_session_creation = ["email_campaigns.api.public.own_device.remember_device"]
after_request = ["email_campaigns.api.public.own_device.mark_device"]

scheduler_events = {
	"cron": {
		# Everything due is started, steps of sequences among it, what a dead worker left behind is recovered, lists are fed.
		"*/5 * * * *": [
			"email_campaigns.jobs.sending.tick",
			"email_campaigns.jobs.drip.tick",
			"email_campaigns.jobs.lists.run_feeds",
		],
		# Room in the sliding hour is used within a minute of its opening: with the tick alone, up to 8 % of
		# an hourly quota would be lost.
		"* * * * *": ["email_campaigns.jobs.sending.top_up"],
	},
	# Campaigns and enrolments go on by their dates, lists count their members anew.
	# A mailing's owner is told its figures a day after its end.
	"hourly": [
		"email_campaigns.jobs.upkeep.update_statuses",
		"email_campaigns.jobs.drip.advance",
		"email_campaigns.jobs.upkeep.send_digests",
	],
	# The counters of results are proved against the ledger; a million mails take some seconds each.
	"daily_long": ["email_campaigns.jobs.upkeep.prove_counts"],
}

doc_events = {
	# An opt-out that a person makes anywhere else in Frappe must hold for campaigns too, and the other way round.
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
		"after_rename": "email_campaigns.audience.suppression.suppression_store.follow_renamed_list"
	},
}

# A wish not to be mailed, and what was sent, outlive the list and the campaign that they belong to.
# So do the links in mails that were sent.
ignore_links_on_delete = [
	"Suppressed Email",
	"Campaign Message",
	"Campaign Log",
	"Tracking Link",
	"Target List Change",
	"Target List Sign Up",
	# Whoever is enrolled may be deleted all the same: the rest of the sequence is skipped with that reason.
	"Email Campaign",
]

# What campaigns did for a person is shown on the person's own record, whatever its doctype.
additional_timeline_content = {"*": ["email_campaigns.api.desk.timeline.content"]}

# Frappe's Log Settings decide how long the log is kept.
default_log_clearing_doctypes = {"Campaign Log": 365, "Target List Change": 180}
