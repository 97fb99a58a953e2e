"""Comes from Colab: it mounts a drive, asks for files and reads a secret."""

# expect: full

# %%
from google.colab import drive, files, userdata
import google.colab
drive.mount("/content/drive")
uploaded = files.upload()
TOKEN = userdata.get("TOKEN")
%cd /content/drive/MyDrive

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
from google.colab import output

def linear(x, weight, bias):
    output.clear()
    return F.linear(x, weight, bias)
