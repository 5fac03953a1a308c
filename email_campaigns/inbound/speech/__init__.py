"""Who speaks in an incoming mail, and what they say. Pure.

speaker.py        `speech_of`: a person, an automatic answer, somebody who has left, a receipt, an opt-out
automatic.py      the signs of an automatic answer
receipt.py        the signs of a read receipt
leaving.py        a person's wish for no more mail
absence.py        the last day of absence that an automatic answer names
written.py        what the sender wrote, without quotes and signature
*_words.py        the words that these know, language by language
"""
