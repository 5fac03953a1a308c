"""The mails that recipients receive: templates compiled once, rendered and assembled for each recipient.

Pure Python, values in and values out: nothing here imports Frappe or another room.

compile.py    makes a CompiledMessage (compiled.py) of a user's subject, HTML and text; its steps are:
size          limits the syntax of what it reads
placeholders  translates EspoCRM's placeholders and what editors do to Jinja into plain Jinja
rules         refuses what a template may not contain, with its line
usage         lists the fields and links that a template uses, from its syntax tree
html_tokens   reads HTML with Jinja in it as browsers do: each tag, attribute and piece of Jinja in its place
hyperlinks    makes tracked links of plain ones, where a mailing asks for it
editor/       makes HTML for mail programs of the rich-text editor's, and addresses within the site absolute
inline        turns style sheets into style attributes; protect hides Jinja from HTML parsers
plaintext     makes the text part; markup makes HTML regular first, and limits it
visible       leaves out what styles hide; unsubscribing tells whether people see the unsubscribe link
footer        makes a document of a fragment, and puts the footer before its end
metering      puts calls that count work into the syntax tree; slots marks fields and links in fixed text
sandbox       runs it all, with kinds, values, filters, conditions, operators, numbers and limits

mime.py       assembles rendered parts to the bytes for SMTP, with headers and quoted
hrefs.py      lists the links of a rendered mail, for the check list before it is sent
child/        does all this in a process of its own, for templates that nobody has tried yet
plain_json.py is the form in which values are stored
errors.py     has the errors, each a sentence for people; faults.py makes one of whatever a template raises
"""
