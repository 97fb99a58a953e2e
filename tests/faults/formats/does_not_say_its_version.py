# N9c · Does not say its version.
# expect: full
# form: no version
