# N9 · Was saved in version 3 of the format.
# expect: full
# form: version 3
