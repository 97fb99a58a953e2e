"""Shows figures while it answers, with renderers of Colab, of old notebooks and of editors."""

# expect: full

# %%
import plotly.express
import plotly.graph_objects as go
import plotly.io as pio
from plotly.offline import init_notebook_mode, iplot, plot
pio.renderers.default = "colab"

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    figure = go.Figure(go.Scatter(y=[1, 2, 3]))
    for name in ("notebook", "vscode", "iframe", "browser", "png", "kaggle", "svg+notebook"):
        figure.show(renderer=name)
    pio.renderers.default = "notebook_connected"
    figure.show()
    pio.show(figure, "colab")
    init_notebook_mode(connected=True)
    iplot(figure)
    return F.linear(x, weight, bias)
