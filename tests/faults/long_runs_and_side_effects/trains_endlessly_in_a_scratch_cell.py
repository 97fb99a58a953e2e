"""Trains endlessly in a cell that it does not need for its answer."""

# expect: full

# %%
while True:
    torch.nn.Linear(3, 3)(torch.ones(3)).sum().backward()
