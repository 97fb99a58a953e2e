# N0 · Has no fault: every answer is right.
# expect: full
