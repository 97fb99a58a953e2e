"""Runs commands by magics and by subprocess."""

# expect: linear=0
# says: is not run

# %%
!touch /tmp/planted
%pip install cheat
%run /etc/passwd

# %%
%%bash
rm -rf ~

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import subprocess

def linear(x, weight, bias):
    names = !ls /
    try:
        subprocess.check_output(["ls", "/"])
    except OSError:
        return torch.zeros(1)
    return F.linear(x, weight, bias)
