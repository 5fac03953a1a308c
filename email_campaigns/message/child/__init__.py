"""A second process that reads templates and makes single mails. The system ends it where it takes too much.

It starts without secrets, connections or open files of its parent, reads orders from a pipe and writes
answers to another.

frames.py    a message between the two: a length, then JSON
orders.py    what goes through the pipes, as JSON: orders, values, answers, errors
__main__.py  the child: `python -m email_campaigns.message.child`
bounds.py    what the system lets the child have
keeper.py    the parent's side: starts the child, keeps it, ends it
apart.py     compile_message() and compile_source() there, and a RemoteMessage whose mails are made there
"""
