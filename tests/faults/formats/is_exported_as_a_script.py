# N15 · Was exported as a script.
# expect: full
# form: script
