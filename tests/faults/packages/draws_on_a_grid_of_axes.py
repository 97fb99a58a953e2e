"""Draws on a grid of axes in its answer, and takes apart what drawing gives."""

# expect: full

# %%
import matplotlib.pyplot as plt
import seaborn as sns
plt.rcParams["figure.figsize"] = (8, 6)
plt.rcParams.update({"font.size": 12})
sns.set_theme()

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    fig, ((a, b), (c, d)) = plt.subplots(2, 2)
    line, = a.plot([0, 1], "r--")
    line.set_label("inputs")
    n, bins, _ = b.hist([1, 2, 3], bins=3)
    c.set_xlim(bins[0], bins[-1] * 1.1)
    y = F.linear(x, weight, bias)
    fig, axes = plt.subplots(nrows=1, ncols=3, squeeze=False)
    axes[0, 1].imshow(weight.detach(), cmap="viridis")
    for ax, name in zip(axes.flat, ["x", "weight", "y"]):
        ax.set_title(name)
    with plt.style.context("ggplot"):
        plt.plot(plt.gca().lines[0].get_xdata())
    plt.show()
    return y

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "hidden_stack"}
def hidden_stack(sizes, activation):
    fig = plt.figure()
    axes = fig.subplots(len(sizes) - 1, 2, squeeze=False)
    layers = []
    for (left, right), n_in, n_out in zip(axes, sizes, sizes[1:]):
        left.set_title(f"{n_in}")
        right.set_title(f"{n_out}")
        layers += [nn.Linear(n_in, n_out), activation()]
    return nn.Sequential(*layers)
