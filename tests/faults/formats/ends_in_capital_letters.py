# N15l · Ends in capital letters.
# expect: full
# form: capital suffix
