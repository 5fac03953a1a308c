"""Bounces, delays and complaints: what a report says about which address, and how hard it is. Pure.

reader.py           `reports_of`: the reports in a mail, whatever their form
notice.py           a server's own words, apart from the mail that it returns behind them
delivery_status.py  RFC 3464 and 6533
complaint.py        RFC 5965 and 6590, and the older forms of providers
free_form.py        everything else, by the table in forms.py
second_opinion.py   flufl.bounce on addresses, where no form names one
machine.py          whether a machine has sent a mail
severity.py         hard, soft or blocked, by severity_tables.py and the judgement of SMTP replies
"""
