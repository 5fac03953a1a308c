"""Lists: the members of target lists, added by hand, from records, from a file or from another list.

members_store.py         adding members, keeping them in step with their records, reading them in slices
csv_file.py              a CSV file read into new members and rejections (pure)
import_store.py          the import of a file, with a report for the user
import_records_store.py  records that an import finds or makes for its addresses
merge_store.py           a list merged into another, and whether one may be deleted
renames_store.py         members follow their record when it is renamed or merged
copy_store.py            comparing two lists, and copying members from one to another
progress_store.py        how far the adding of members has got
"""
