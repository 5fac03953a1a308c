"""What recipients receive: templates compiled once, rendered and assembled for each recipient.

Pure Python, values in and values out: nothing here imports Frappe or another room.

compile.py    a user's subject, HTML and text become a CompiledMessage; its steps are:
placeholders  EspoCRM's placeholders and what editors do to Jinja are turned into plain Jinja
rules         what a template may contain, with the line of what it may not
hyperlinks    plain links become tracked ones, where a mailing asks for it
usage         which fields and links a template uses, from its syntax tree
footer        a fragment becomes a document, with the footer before its end
inline        style sheets become style attributes; protect.py hides Jinja from HTML parsers
markup        HTML made regular, and how much of it there may be
plaintext     the text part
metering      calls that count work are put into the syntax tree
sandbox       the environment in which it all runs

headers.py, mime.py    from rendered parts to the bytes that SMTP takes
"""
