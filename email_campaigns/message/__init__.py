"""The mails that recipients receive: templates compiled once, rendered and assembled for each recipient.

Pure Python, values in and values out: nothing here imports Frappe or another room. Lowest first:

errors.py      the errors, each a sentence for people; faults.py makes one of whatever a template raises
plain_json.py  the form in which values are stored
mime/          the bytes for SMTP: headers, bodies with slots for what differs, the assembly
sandbox/       Jinja that may be hostile: what a template may contain and call, and how much
html/          HTML with Jinja in it: its tokens, its limits, its style sheets, and the text made of it
editor/        HTML for mail programs of the rich-text editor's, and addresses within the site made absolute
links/         the links and pictures of a mail: tracked, encoded, listed for the check list
compiled.py    a compiled mail, rendered for each recipient
compile.py     makes one of a user's subject, HTML and text, step by step; read this first
child/         does all this in a process of its own, for templates that nobody has tried yet
"""
