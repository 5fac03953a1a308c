"""The results of mailings: counters of people, and the figures that are worked out from them.

rates.py             counts into rates that name their base; funnel.py how far the people came
ab.py                the versions of an A/B test compared; lift.py the mailed compared with a hold-out group
timeline.py          events since the start, in steps for a chart

store.py             the counters on a Mass Email: moved where an event is stamped, proved every night
breakdown_store.py   results by domain, language and link, over time, against the hold-out group
list_store.py        members of a target list from what people did with a mailing
logged_store.py      rows of the log for reports
revenue_store.py     revenue of won deals by campaign, where the site has ERPNext
digest_store.py      the mail with the figures, a day after a mailing was complete
"""
