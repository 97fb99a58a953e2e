"""Uses magics, shell commands and help marks around its answer."""

# expect: full
# says: is not run

# %%
%matplotlib inline
!pip install torch
?torch.nn

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
%%time
def linear(x, weight, bias):
    return F.linear(x, weight, bias)
