"""Feeds: filters and reports that keep a target list in step.

rules.py         when a feed is due, what a run changes, which columns of a report it can use (pure)
rows_store.py    the rows of a target list that describe its feeds, and the results of their runs
source_store.py  the records or addresses that match a feed, as its user may read them
run_store.py     one run: members that match join, members that match no longer leave
"""
