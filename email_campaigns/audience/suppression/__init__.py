"""Suppression: addresses that must not be mailed, and addresses that must not be known any more.

suppression.py        the weight of reasons, and the scope of what is kept from an address
suppression_store.py  the only writer of Suppressed Email, but for its own form
mirror_store.py       a person's wish, mirrored to where the rest of Frappe looks for it
forgotten.py          the keyed hash that remains of a forgotten address; forgotten_store.py keeps it
undo_store.py        what one refusal of a server has suppressed, and lifting it
erase_store.py        forgetting an address, and showing what is known about one
"""
