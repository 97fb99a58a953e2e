"""Has cells in another language."""

# expect: full
# says: %%bash is not run

# %%
%%bash
ls -l

# %%
%%writefile helper.py
X = 1

# %%
%load_ext autoreload
%autoreload 2
files = !ls
%timeit torch.ones(3)
x = 1
