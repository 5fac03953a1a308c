"""A raw mail, read within limits. Pure.

message.py    `read`: the parts of a mail, and the header of the mail that it returns
header.py     the fields of a header, raw and decoded, and the addresses in a text
ids.py        `clues`: what may lead to a mail of ours
recognise.py  whether raw bytes may concern us, before anything is parsed
decode.py     bytes to text, whatever charset and encoding they claim to have
"""
