"""Builds layers and computes in loops that show their progress, each in another way."""

# expect: full

# %%
import tqdm
from alive_progress import alive_it
from fastprogress.fastprogress import master_bar, progress_bar
from rich.progress import track
from tqdm import notebook
from tqdm.contrib import tenumerate, tzip

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    columns = []
    for row in tqdm.notebook.tqdm(weight, desc="neurons", leave=False):
        columns.append(x @ row)
    y = torch.stack(columns, dim=-1)
    return y if bias is None else y + bias

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "hidden_stack"}
def hidden_stack(sizes, activation):
    layers = []
    for n_in, n_out in tzip(sizes, sizes[1:], total=len(sizes) - 1):
        layers.append(nn.Linear(n_in, n_out))
        layers.append(activation())
    return nn.Sequential(*layers)

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "build_network"}
def build_network(n_features, hidden, task, n_classes=None):
    layers, width = [], n_features
    bar = notebook.tqdm(hidden)
    for i, size in tenumerate(hidden):
        bar.set_postfix(layer=i)
        layers += [nn.Linear(width, size), nn.ReLU()]
        width = size
        bar.update()
    for _ in track(range(1), description="head"):
        layers.append(nn.Linear(width, n_classes if task == "multiclass" else 1))
    return nn.Sequential(*layers)

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "count_parameters"}
def count_parameters(sizes):
    total = 0
    for n_in in (mb := master_bar(range(len(sizes) - 1))):
        for n_out in progress_bar(alive_it(sizes[n_in + 1 : n_in + 2]), parent=mb):
            total += (sizes[n_in] + 1) * n_out
        mb.write(f"{total} so far")
    return total
