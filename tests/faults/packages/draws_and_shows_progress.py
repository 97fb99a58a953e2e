"""Draws, shows progress and imports widgets around and in its answer."""

# expect: full

# %%
import ipywidgets as widgets
import matplotlib
import matplotlib.pyplot as plt
import seaborn as sns
from IPython.display import HTML, clear_output, display
from tqdm.auto import tqdm, trange
matplotlib.use("TkAgg")
plt.style.use("ggplot")

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    figure, axes = plt.subplots(1, 2, figsize=(4, 3))
    axes[0].plot(x.detach().flatten().tolist() if not x.is_meta else [], "o-")
    plt.title("inputs")
    plt.show()
    display(HTML("<b>done</b>"))
    total = 0
    for _ in tqdm(range(3), desc="thinking"):
        total += 1
    for i in trange(2):
        total += i
    with tqdm(total=3) as bar:
        bar.update(1)
    assert total == 4
    return F.linear(x, weight, bias)
