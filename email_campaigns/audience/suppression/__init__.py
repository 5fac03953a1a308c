"""Suppression: addresses that must not be mailed, and addresses that must not be known any more.

suppression.py        the weight of reasons, and the scope of what is kept from an address
suppression_store.py  the only writer of Suppressed Email, but for its own form
waiting_store.py      opt-outs that could not be carried out when they came
mirror_store.py       a person's wish, mirrored to where the rest of Frappe looks for it
opt_outs_store.py     the other way: a tick in a record's opt-out field, as the wish of its address
forgotten.py          the keyed hash that remains of a forgotten address; forgotten_store.py keeps it
undo_store.py        what one refusal of a server has suppressed, and lifting it
erase_store.py        forgetting an address, and showing what is known about one
erase_files_store.py  forgetting it in the reports of imports, which are files
"""
