"""What Frappe's rich-text editor (Quill) writes, made into HTML that mail programs show as the editor does.

Every edit is made at a known place: what is not the editor's stays byte by byte as it is.

convert.py    does it all, once for a template, with its Jinja hidden
addresses.py  puts the site's address before those that begin at its root, also in HTML of other origin
styles.py     classes of the editor, and its looks of tables and quotes, become style attributes
lists.py      the flat list that the editor writes becomes nested lists with bullets, numbers or boxes
code.py       the lines of a code block become lines
"""
