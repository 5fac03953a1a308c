"""Functions that forms, lists, reports and number cards of the Desk call. Each checks the user's permission.

mass_email    count, pause, resume, cancel and progress of a mailing; mass_email_steps has their shared steps
preview       a mail before it is sent, and tests of it
sent_mail     a mail as it was sent, and the texts of a mailing
approval      the check list, and asking for an approval, giving it and refusing it
resend        sending mails again, deciding on uncertain ones, explaining who got what
ab_versions   figures of an A/B test, and the choice of a version
results       figures of mailings and campaigns, number cards, target lists from behaviour
choices       time zones and CC fields for forms
target_list, members, records   lists with their feeds and sign-up forms; who joins them
drip          enrolment in drip sequences, their steps and figures
suppression   lifting what one refusal of a server has suppressed
tracking, timeline, privacy     judging hits again, a record's timeline, an address that is to be forgotten
"""
