"""Builders and base classes of the tests on a site.

kit           lists, mailings, a scripted mail server, a queue that the test works off; SendingTest
plans, failures, copies, approvals, ab_kit, after_kit   mailings for one subject each
feeds, drips  fed lists; drip sequences and a clock
visitor, recipient, tracked_mail   requests of recipients: a visitor, the unsubscribe page, tracked links
results_kit   events of mails, and the counters of results
faults        fault runs: workers (workers), a MariaDB to kill (own_mariadb), the server's record (sink_record)
other_site    a site of its own with ERPNext, or its stand-in
"""
