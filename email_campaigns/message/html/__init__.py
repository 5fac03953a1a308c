"""HTML with Jinja in it: read as browsers read it, changed at known places only.

pieces.py        the pieces of Jinja
tokens.py        each tag and attribute in its place, with Jinja covered
placeholders.py  translates EspoCRM's placeholders and what editors do to Jinja into plain Jinja
foreign_tags.py  names placeholders of other systems, with what to write here
protect.py       hides Jinja from HTML parsers, and puts it back
markup.py        makes HTML regular, and limits it; shape.py counts its elements and levels
sheets.py        limits style sheets
kept_rules.py    lets rules that must stay in a sheet win over inlined ones
inline.py        turns style sheets into style attributes
visible.py       leaves out what styles hide
plaintext.py     makes the text part
footer.py        makes a document of a fragment, and puts the footer before its end
"""
