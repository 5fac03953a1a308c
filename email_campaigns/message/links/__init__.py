"""What a mail leads to and what it loads.

In a template:
hyperlinks.py     makes tracked links of plain ones, where a mailing asks for it
query_values.py   percent-encodes values in the queries of links
unsubscribing.py  tells whether people see an unsubscribe link in every mail

In a rendered mail, for the check list:
hrefs.py          where its links lead, and whether its recipients can follow them
pictures.py       from where mail programs load its pictures
"""
