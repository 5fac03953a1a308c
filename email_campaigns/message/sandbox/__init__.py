"""The sandbox in which users' Jinja runs. What is not allowed here does not exist.

Before a template runs:
size.py         limits the syntax of what it reads
rules.py        refuses what a template may not contain, with its line
names.py        names with a meaning of their own, and those that stand for fields of the record
usage.py        lists the fields and links that a template uses, from its syntax tree
metering.py     puts calls that count work into the syntax tree

While it runs:
environment.py  runs it, with nothing but what the others allow
limits.py       the budgets of work and size, and the meter that counts
kinds.py        the kinds of values, and checks of the arguments that a template gives
numbers.py      numbers as people write and round them
values.py       look-ups in a value: items and a few methods
operators.py    the operators; conditions.py has the tests after `is`, filters.py the filters
"""
