"""Has a syntax error in a scratch cell that nobody needs."""

# expect: full

# %%
for i in range(3)
    print(i
