"""Installs with a shell line that goes on below, and breaks a line before a percent sign."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "collapse"}
!pip install -q \
    torch
def collapse(w1, b1, w2, b2):
    return w2 @ w1, w2 @ b1 + b2

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "binary_predict"}
%matplotlib inline
def binary_predict(logits, threshold=0.5):
    p = torch.sigmoid(logits)
    return p, (p
               >= threshold).long() * (1
               %2)
