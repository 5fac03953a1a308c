"""What providers report by HTTP: who may say so, and what each event means for a mail of ours.

Pure but for *_store.py.

providers.py   the table of providers: `check`, `events` and `finding_of` by a provider's name
request.py     one call: its headers and body, the reasons to refuse it, its age
secrets.py     the secret that providers send back with each call, where they do not sign
vocabulary.py  the event types and reject reasons of django-anymail, and from an event to a Finding
fields.py      values of a provider's JSON, whatever they turn out to be
amazon_ses.py  Amazon SES by SNS         sns.py  its signatures and addresses
mailgun.py, sendgrid.py, postmark.py, brevo.py, mailjet.py
sources_store.py       the rows of Webhook Source in the settings, and what they note of calls
certificates_store.py  what is fetched from SNS: its certificates, and a confirmation that a person wants
"""

from email_campaigns.inbound.webhooks.providers import PROVIDERS, finding_of

__all__ = ["PROVIDERS", "finding_of"]
