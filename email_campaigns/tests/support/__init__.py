"""Parts that several kinds of tests share.

smtp_server.py    an SMTP server on this machine that follows a script; also a mail server for demonstrations
smtp_script.py    the words of its scripts
smtp_talk.py      its side of one connection
fakes.py          the ledger and the mail server in memory, for the send loop
bench_kit.py      the bench that site and browser tests run on
"""
