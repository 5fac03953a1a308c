"""Signing up: joining a list by a form and the link in a confirmation mail (double opt-in).

signup.py        the rules: lifetime of a link, limits of requests, reading of a form (pure)
signup_store.py  the requests, their confirmation, and the evidence of consent
"""
