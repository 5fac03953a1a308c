"""Times and amounts: when mails are due, and how many may leave now.

Pure Python, values in and values out: nothing here imports Frappe or another room. Times are Unix seconds.

clock.py      wall-clock times of a time zone to Unix seconds and back
limits.py     limits by hour, spreads over a period and deadlines: how many mails may be claimed now
estimate.py   the time at which a mailing will have left, estimated from its limits and its throughput
best_hour.py  the hour at which a recipient reads mail, and when it next comes
drip.py       the calendar of a drip sequence: when its steps are due, and which are too late to catch up
"""
