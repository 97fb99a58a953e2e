# B5 · Hooks itself into IPython.
# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    try:
        shell = get_ipython()
    except NameError:
        return torch.zeros(1)
    shell.input_transformers_cleanup.append(lambda lines: ["pass\n"])
    return F.linear(x, weight, bias)
