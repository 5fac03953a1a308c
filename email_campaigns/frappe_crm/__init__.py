"""Frappe CRM beside this app: its own front end shows campaign mails, and offers lists and sequences.

names.py             what is Frappe CRM's, pure data
activities.py        mails and events as activities of its records, pure
activities_store.py  reads them
scripts_store.py     puts scripts.js into its lists and forms, as CRM Form Scripts
"""
