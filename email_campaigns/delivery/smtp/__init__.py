"""One mail over one SMTP session: the dialogue, its bytes, and the meaning of the server's replies.

transport.py opens the sessions of an Email Account through Frappe and is the only file here that imports it.

session.py    proposes an envelope, confirms it and transmits the content, with the next envelope behind it
channel.py    whole replies in and commands out, each wait with a deadline
wire.py       addresses and messages as bytes that no server can misread
replies.py    a reply as a value, and the errors that carry one
judge.py      the meaning of a refusal: retry, throttled, failed, bounced or pause
reply_tables.py  the codes and words that judge.py asks for, with their sources
refusal_key.py   the key by which equal refusals are counted

Refused and ConnectionLost say how far a mail came; `maybe_accepted` is the only doubt that there is about it.
"""
