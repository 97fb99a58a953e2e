"""Packages that draw or show progress: cells that use them run on, and no loop loses a round.

Each case is code as students write it. Progress is shown over ``seen``, which must come out whole;
what is drawn must only not stop the code.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import pytest

from autograder.course.config import read_config
from autograder.model import Tier
from autograder.sandbox import tiers
from autograder.sandbox.client import SandboxProcess
from autograder.sandbox.tiers import Sandbox
from tests.conftest import ROOT
from tests.sandbox.support import ask, result


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A ready sandbox, with the stand-ins of this course."""
    settings = read_config(ROOT).sandbox
    with tiers.start(["import torch"], Tier.CONFINED, settings) as ready:
        yield ready


# Each has to see 0, 1 and 2, in this order.
PROGRESS = [
    "from tqdm import tqdm; seen = list(tqdm(range(3), desc='x', leave=False))",
    "import tqdm; seen = list(tqdm.tqdm(iterable=range(3)))",
    "import tqdm; seen = list(tqdm.notebook.tqdm(range(3)))",
    "import tqdm.notebook as tn; seen = list(tn.tqdm(range(3)))",
    "from tqdm import notebook; seen = list(notebook.tqdm(range(3)))",
    "from tqdm.auto import tqdm; seen = list(tqdm(x for x in range(3)))",
    "from tqdm.autonotebook import tqdm; seen = list(tqdm([0, 1, 2]))",
    "from tqdm.rich import tqdm, trange; seen = list(tqdm(trange(3)))",
    "from tqdm import tqdm_notebook; seen = list(tqdm_notebook(range(3)))",
    "from tqdm import trange; seen = list(trange(3, desc='x'))",
    "from tqdm.notebook import trange; seen = [x - 1 for x in trange(1, 4)]",
    "from tqdm import tnrange; seen = [x // 2 for x in tnrange(0, 6, 2)]",
    "from tqdm.contrib import tzip; seen = [a for a, b in tzip(range(3), 'abc', total=3)]",
    "from tqdm.contrib import tenumerate; seen = [i for i, x in tenumerate('abc', total=3)]",
    "from tqdm.contrib import tenumerate; seen = [i - 1 for i, x in tenumerate('abc', start=1)]",
    "from tqdm.contrib import tmap; seen = list(tmap(int, '012', desc='x'))",
    "from tqdm.contrib.itertools import product; seen = [a for a, b in product([0, 1, 2], 'x')]",
    "from tqdm.contrib.concurrent import thread_map; seen = thread_map(int, '012', max_workers=2)",
    "import tqdm.contrib as c; seen = [i for i, x in c.tenumerate('abc')]",
    "from fastprogress import progress_bar; seen = list(progress_bar(range(3), total=3))",
    "from fastprogress.fastprogress import progress_bar; seen = list(progress_bar(gen=range(3)))",
    "import fastprogress as f; seen = list(f.progress_bar(range(3)))",
    """
    from fastprogress.fastprogress import force_console_behavior
    master_bar, progress_bar = force_console_behavior()
    seen = [a + b for a in master_bar(range(1)) for b in progress_bar(range(3))]
    """,
    """
    from rich.progress import Progress
    seen = []
    with Progress() as progress:
        task = progress.add_task("x", total=3)
        while not progress.finished:
            seen.append(len(seen))
            progress.update(task, advance=1)
    """,
    "from rich.progress import track; seen = list(track(range(3), description='x'))",
    "import rich.progress; seen = list(rich.progress.track(sequence=range(3)))",
    "from alive_progress import alive_it; seen = list(alive_it(range(3), title='x'))",
    "import progressbar; seen = list(progressbar.progressbar(range(3)))",
    "import progressbar; seen = list(progressbar.ProgressBar(max_value=3)(range(3)))",
    "from progressbar import ProgressBar; bar = ProgressBar(); seen = list(bar(range(3)))",
    """
    from fastprogress import master_bar, progress_bar
    seen = []
    for epoch in (mb := master_bar(range(3))):
        for x in progress_bar(range(4), parent=mb):
            mb.child.comment = f"{x}"
        mb.main_bar.comment = "done"
        mb.write(f"epoch {epoch}")
        mb.update_graph([[[0], [1]]], [0, 1], [0, 1])
        seen.append(epoch + x - 3)
    """,
    """
    from tqdm import tqdm
    seen = []
    bar = tqdm(range(3), total=len(range(3)))
    assert len(bar) == 3 and isinstance(bar, tqdm)
    for x in bar:
        bar.set_description(f"{x}")
        bar.set_description_str("x")
        bar.set_postfix(loss=0.5)
        bar.set_postfix({"loss": 0.5}, refresh=False)
        bar.set_postfix_str("x")
        bar.write("x")
        tqdm.write("x")
        bar.refresh()
        seen.append(x)
    bar.close()
    """,
    """
    from tqdm import tqdm
    tqdm.pandas(desc="x")
    tqdm._instances.clear()
    seen = []
    with tqdm(total=3) as bar:
        while bar.n < bar.total:
            seen.append(bar.n)
            bar.update()
    """,
    """
    from tqdm import tqdm
    bar, seen = tqdm(total=10), []
    for x in range(3):
        bar.update(4)
        bar.n -= 3
        seen.append(bar.n - 1)
    """,
    """
    from tqdm import tqdm
    seen = []
    with tqdm(range(3), unit="batch") as rounds:
        for x in rounds:
            rounds.set_description("x")
            seen.append(x)
    """,
    """
    from tqdm import tqdm
    class Bar(tqdm):
        def __init__(self, values, **options):
            super().__init__(values, **options)
        def step(self, n):
            self.update(n - self.n)
    seen = list(Bar(range(3), unit="B"))
    Bar([0]).step(3)
    """,
    """
    from rich import inspect, print
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Table
    Console().print(Table(title="x"), style="bold")
    print("[bold]x[/bold]")
    with Progress(TextColumn("x"), BarColumn()) as progress:
        task = progress.add_task("x", total=3)
        progress.update(task, advance=1)
        seen = list(progress.track(range(3)))
    """,
    """
    from alive_progress import alive_bar
    seen = []
    with alive_bar(3, title="x") as bar:
        for x in range(3):
            bar()
            bar.text("x")
            seen.append(x)
    """,
    """
    import progressbar
    widgets = [progressbar.Bar("="), " ", progressbar.ETA()]
    seen, bar = [], progressbar.ProgressBar(maxval=3, widgets=widgets)
    bar.start()
    for x in range(3):
        bar.update(x + 1)
        seen.append(x)
    bar.finish()
    """,
    "from tqdm import *; seen = list(tqdm(trange(3)))",
    "from fastprogress import *; seen = list(progress_bar(range(3)))",
]

DRAWN = [
    "line, = plt.plot([1, 2], [3, 4], 'r--'); line.set_ydata([0, 0])",
    "axis = plt.subplots(2, 2)[1][0][1]; axis.plot([1])",
    "fig, ax = plt.subplots(); ax.set(xlabel='x'); ax.spines['top'].set_visible(False)",
    "fig, (a, b) = plt.subplots(1, 2, figsize=(4, 3)); a.plot([1]); b.hist([1])",
    "fig, ((a, b), (c, d)) = plt.subplots(2, 2); d.imshow([[0]])",
    "fig, axes = plt.subplots(2, 2); assert len(axes.flatten()) == 4; axes.flatten()[3].plot([1])",
    "fig, axes = plt.subplots(2, 3); assert [i for i, ax in enumerate(axes.flat)][-1] == 5",
    "fig, axes = plt.subplots(2, 3); assert len([ax.plot([1]) for ax in axes.ravel()]) == 6",
    "fig, axes = plt.subplots(2, 3); axes[0, 1].plot([1]); axes[-1, -1].legend(); axes[:, 0][1]",
    "fig, axes = plt.subplots(2, 3); assert axes.shape == (2, 3) and axes.T.shape == (3, 2)",
    "fig, axes = plt.subplots(nrows=1, ncols=3); assert len([ax for ax in axes]) == 3",
    "fig, axes = plt.subplots(3); axes[2].plot([1])",
    "fig, axes = plt.subplots(1, 1, squeeze=False); axes[0, 0].plot([1]); axes[0][0].plot([1])",
    "fig, axes = plt.subplots(1, 3, squeeze=False); assert len(axes) == 1 and len(axes[0]) == 3",
    "fig, axes = plt.subplots(2, 2); assert [x for ax, x in zip(axes.flat, 'abcd')] == [*'abcd']",
    "fig = plt.figure(); axes = fig.subplots(2, 2, sharex=True); axes[1, 1].plot([1])",
    "(a, b), (c, d) = plt.figure().subplots(2, 2); a.plot([1])",
    "fig = plt.figure(figsize=(3, 3)); fig.add_subplot(2, 2, 1, projection='3d').plot([1])",
    "from matplotlib import pyplot; fig, axes = pyplot.subplots(2, 2); axes[1, 1].plot([1])",
    "import matplotlib; fig, axes = matplotlib.pyplot.subplots(2, 2); axes[1, 1].plot([1])",
    "import pylab; fig, axes = pylab.subplots(2, 2); axes[1, 1].plot([1]); pylab.show()",
    "fig, axes = plt.subplot_mosaic([['a', 'b'], ['c', 'c']]); axes['c'].plot([1])",
    "plt.rcParams['figure.figsize'] = (4, 3); plt.rcParams.update({'font.size': 9})",
    "import matplotlib as mpl; mpl.rcParams['axes.grid'] = True; mpl.rc('font', size=9)",
    "color = plt.rcParams['axes.prop_cycle'].by_key()['color'][0]; plt.plot([1], color=color)",
    "import seaborn as sns; sns.set_theme(style='dark'); sns.heatmap([[1]]).set_title('x')",
    "import seaborn as sns; palette = sns.color_palette('hls', 8); plt.plot([1], color=palette[3])",
    "n, bins, _ = plt.hist([1, 2]); centres = (bins[:-1] + bins[1:]) / 2; n[0] / sum(n)",
    "n, *rest = plt.hist([1, 2])",
    "wedges, texts, shares = plt.pie([1, 2], autopct='%d'); low, high = plt.gca().get_ylim()",
    "x = plt.gca().lines[0].get_xdata(); y = plt.gca().get_lines()[0].get_ydata()[1] * 2 + 1",
    "plt.text(0, 0, f'{plt.gca().get_xlim()[1]:.2f}'); '%.1f' % plt.gca().get_ylim()[0]",
    "image = plt.imshow([[0]], cmap=plt.cm.gray); plt.colorbar(image); plt.savefig('x.png', dpi=9)",
    "handles, labels = plt.gca().get_legend_handles_labels(); plt.legend(handles, labels)",
    """
    with plt.style.context("ggplot"):
        plt.plot([1])
    with plt.rc_context({"font.size": 9}), plt.ioff():
        plt.show(block=False)
    """,
    """
    for bar in plt.bar([1], [2]):
        bar.set_color("red")
    plt.plot([1])
    plt.title("x"); plt.tight_layout(); plt.close("all")
    """,
    """
    def draw(ax: plt.Axes | None = None) -> "plt.Figure":
        return ax or plt.gca()
    assert isinstance(draw(), plt.Axes)
    """,
    """
    from matplotlib.animation import FuncAnimation
    from matplotlib.ticker import Formatter
    class Own(Formatter):
        def __call__(self, x, pos=None):
            return "x"
    assert Own()(3) == "x"
    FuncAnimation(plt.figure(), lambda i: None, frames=3).to_jshtml()
    """,
    """
    from mpl_toolkits.mplot3d import Axes3D
    fig, ax = plt.subplots(subplot_kw={"projection": "3d"})
    ax.plot_surface(torch.ones(2), torch.ones(2), torch.ones(2))
    torch.ones(2) * ax.get_zlim()[0]
    """,
]


@pytest.mark.parametrize("code", PROGRESS, ids=range(len(PROGRESS)))
def test_a_progress_bar_is_what_it_shows(process: SandboxProcess, code: str) -> None:
    """In every form of it, a loop runs as often as without, and what is said to a bar is heard."""
    assert result(ask(process, _body(code, "seen"))) == [0, 1, 2]


@pytest.mark.parametrize("code", DRAWN, ids=range(len(DRAWN)))
def test_what_draws_stops_nothing(process: SandboxProcess, code: str) -> None:
    """Whatever is asked of a drawing, indexed, unpacked or computed with, the code runs on."""
    assert result(ask(process, _body(code, "'ran'"))) == "ran"


def _body(code: str, value: str) -> str:
    """Code of a module that ends with a value: a function may not import everything."""
    text = f"import matplotlib.pyplot as plt\nimport torch\n{textwrap.dedent(code)}\n"
    return f"names = {{}}\nexec({text!r}, names)\nreturn eval({value!r}, names)"
