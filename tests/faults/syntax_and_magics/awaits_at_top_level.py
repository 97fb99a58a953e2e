"""Awaits at top level, as notebooks allow."""

# expect: full

# %%
import asyncio
await asyncio.sleep(0)

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
async def prepare():
    return 1

ONE = await prepare()

def linear(x, weight, bias):
    return F.linear(x, weight, bias) * ONE
