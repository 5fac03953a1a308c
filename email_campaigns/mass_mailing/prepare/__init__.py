"""A mailing before it goes: what its form must not contain, and the check list that people read.

plan_rules      times, rates, shares and languages that contradict each other
ab_rules        the same for an A/B test, and its part of the check list
checks          the findings of the check list, each from values that are passed in
picture_checks  the findings on pictures, and on links to files
link_checks     the findings on links and on placeholders of other systems
deadline_store  the findings on the deadline, from limits and the start
overrule        which warnings a person has overruled, and what that is bound to
overrule_store  whether the check list lets a mailing go on, with the decisions on its warnings
checks_store    reads those values from the database, a sample of recipients and the mail server

All but the stores are pure.
"""
