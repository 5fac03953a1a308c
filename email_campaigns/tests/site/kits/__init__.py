"""Builders and base classes of the tests on a site.

kit           lists, mailings, a scripted mail server, a queue that the test works off; SendingTest
plans, failures, copies, approvals, ab_kit, after_kit   mailings for one subject each
feeds, drips  fed lists; drip sequences and a clock
visitor, recipient, tracked_mail   requests of recipients: a visitor, the unsubscribe page, tracked links
results_kit   events of mails, and the counters of results
faults        fault runs, with workers, own_mariadb (to be killed) and sink_record (what the server took)
other_site    a site of its own with ERPNext, or its stand-in
"""
