# N1b · Has lost the check cells that stood below its answers.
# expect: full
# form: without checks
