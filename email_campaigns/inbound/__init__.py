"""What comes back: replies, automatic answers, bounces, complaints and opt-outs.

It comes as mail to a mailbox, or as an event of a provider.

values.py     what all parts of this room hand to each other
mail/         a raw mail, read within limits, and the clues in it that lead to a mail of ours
reports/      bounces, delays and complaints: what a report says about which address, and how hard it is
speech/       who speaks: a person, an automatic answer, a read receipt, a wish to leave
webhooks/     the same from the providers' webhooks
understand.py from the bytes of a mail to a Finding
match.py      which mails the signed clues lead to
outcomes/     what follows for the mail, its recipient and its mailing
*_store.py    what has come in, whose mail it was, what is shown of it, and the thread of an answer
"""
