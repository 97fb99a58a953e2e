"""Puts markup wherever a report could repeat it."""

# expect: linear=0
# form: markup in metadata

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
# <script>document.title = "owned"</script> <img src=x onerror=alert(1)>
def linear(x, weight, bias):
    raise type("<script>alert(1)</script>", (ValueError,), {})("</pre><script>alert(1)</script>")
