"""Lists: the members of target lists, added by hand, from records, from a file or from another list.

members_store.py         adding members, keeping them in step with their records, reading them in slices
rows.py                  the rows of a CSV file, where quotes may be damaged (pure)
encoding.py              the encoding of a text file (pure)
workbook.py              the rows of a sheet of Excel, within bounds (pure)
table.py                 a file as a table: its layout, guessed or chosen, its heading and rows (pure)
cells.py                 the text and the address in a cell (pure)
columns.py               what a heading says of a column, and which values opt somebody out (pure)
csv_file.py              a table read into new members, opt-outs and rejections (pure)
import_store.py          the import of a file
import_report_store.py   its report: numbers, lines for the form, and a file
import_opt_outs_store.py the opt-outs that a file has
import_records_store.py  records that an import finds or makes for its addresses
fill_store.py            filling what members lack, from a file that has them again
merge_store.py           a list merged into another, and whether one may be deleted
renames_store.py         members follow their record when it is renamed or merged
copy_store.py            comparing two lists, and copying members from one to another
progress_store.py        how far the adding of members has got
"""
