"""Drip sequences: an Email Campaign enrols one recipient, or a group, in the steps of a Campaign.

schedule_store.py    the steps of a Campaign, read from its form and checked
enrolment_store.py   who may be enrolled, and the dates and statuses of enrolments
bulk_enrol_store.py  the enrolment of many records at once
decide.py            the steps that a person gets, and why not the others; pure
plan_store.py        a row of the ledger for each step that is due; groups_store.py for the members of groups
ledger_store.py      what planning reads from the ledger and writes to it
waiting_store.py     steps that wait for the same step of another enrolment to the same address
streams_store.py     the mails of one step as a stream, and the problem that holds it up
hints_store.py       what the form of a campaign says about its steps before anybody is enrolled
absences_store.py    the absences that automatic answers name, for which steps wait
events_store.py      what ends a sequence for a person: a reply, a wish
renames_store.py     enrolments follow their record when it is renamed or merged
figures_store.py     the figures of steps, of one enrolment and of a whole campaign
"""
