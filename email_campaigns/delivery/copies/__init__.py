"""Copies (CC): the same mail, in an envelope of their own, for people whom a field of the record names.

rules.py           who among them gets a copy, and the status of a copy while its mail is on its way. Pure
fields_store.py    the fields that the settings offer and a mailing chooses, and whether they can be used
decide_store.py    the values of these fields, read in bulk for a slice of mails
copies_store.py    copies in the ledger: each waits until its mail has left, and is dropped where that failed
"""
