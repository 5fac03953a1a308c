"""A mail as bytes, at little cost for each recipient: what all mails share is encoded once.

headers.py   values of headers that are safe to write: addresses, encoded words, unsubscribe headers
quoted.py    bodies in quoted-printable
slots.py     places in a fixed text, marked at its compilation and filled for each mail
assembly.py  rendered parts to the bytes for SMTP
"""
