# N9b · Was saved in a version of the format that nobody knows yet.
# expect: full
# form: version 5
