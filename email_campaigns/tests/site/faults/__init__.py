"""Fault runs, a file for each part that breaks; `dev/bench faults` repeats them with ever new seeds."""
