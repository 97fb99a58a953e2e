"""Reads a data file in a cell that the answer does not need."""

# expect: full

# %%
import csv
rows = list(csv.reader(open("data.csv")))
