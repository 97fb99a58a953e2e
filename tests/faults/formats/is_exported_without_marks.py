# N15b · Was exported as a script without marks.
# expect: full
# form: plain script
