"""Where pictures are drawn, and who shows them."""

import re
import subprocess
import sys
from base64 import b64decode

import pytest

from rewards_analytics.plots.panels import new_axes
from rewards_analytics.plots.style import DARK

REWARDS = """
import rewards_analytics as ra
rewards = ra.load([{"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1",
    "balance_type": "TOTAL_BALANCE", "unit_type": "MILES", "balance": 1200, "expires_on": "2027-01-31"}])
"""


def run(code, **environment):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", REWARDS + code],
        capture_output=True,
        text=True,
        env={"PATH": "", **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_script_gets_a_figure_that_pyplot_never_hears_of():
    assert run(
        "import sys, matplotlib\n"
        "settings = lambda: {key: matplotlib.rcParams[key] for key in matplotlib.rcParams if key != 'backend'}\n"
        "before = settings()\n"
        "ax = ra.plot_totals(rewards); ax.figure.savefig('/dev/null', format='svg')\n"
        "print('matplotlib.pyplot' in sys.modules, settings() == before)"
    ) == ["False", "True"]


def test_pyplot_in_use_without_a_screen_keeps_its_figures_to_itself():
    assert run(
        "import matplotlib.pyplot as plt\n"
        "mine = plt.figure()\n"
        "ax = ra.plot_totals(rewards)\n"
        "print(plt.get_fignums(), plt.gcf() is mine)",
        MPLBACKEND="agg",
    ) == ["[1]", "True"]


def test_the_inline_backend_is_given_the_figure_to_show():
    pytest.importorskip("matplotlib_inline", reason="the inline backend is missing")

    assert run(
        "ax = ra.plot_expiring(rewards)\nimport matplotlib.pyplot as plt\nprint(plt.gcf() is ax.figure)",
        MPLBACKEND="module://matplotlib_inline.backend_inline",
    ) == ["True"]


def test_a_notebook_shows_a_picture_whether_or_not_it_ends_the_cell():
    nbformat = pytest.importorskip("nbformat", reason='Jupyter is missing: pip install "rewards-analytics[lab]"')
    nbclient = pytest.importorskip("nbclient", reason='Jupyter is missing: pip install "rewards-analytics[lab]"')
    cells = [REWARDS, "ra.plot_totals(rewards)", "ax = ra.plot_totals(rewards)\n_ = ax.set_title('Held')"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])

    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()

    _, last, assigned = (cell.outputs for cell in notebook.cells)
    assert [output.output_type for output in last] == ["execute_result", "display_data"]
    assert [output.output_type for output in assigned] == ["display_data"]
    assert "image/png" in assigned[0].data
    shown = assigned[0].data["text/html"]
    assert f'alt="{words_of_totals()}"' in shown
    assert "Held" in b64decode(shown.partition("base64,")[2].partition('"')[0]).decode()


def words_of_totals():
    return "Totals per unit: 1,200 miles available, of which 1,200 expiring."


def test_a_picture_in_a_notebook_is_light_or_dark_as_the_notebook_is():
    ax = new_axes(2)
    ax.set_title("$5, in the caller's own black")
    ax.set_label("Words")

    shown = ax.figure._repr_html_()

    assert '[data-jp-theme-light="false"] .rewards-picture {color-scheme: dark}' in shown
    assert 'alt="Words"' in shown
    drawn = b64decode(shown.partition("base64,")[2].partition('"')[0]).decode()
    assert "@media(prefers-color-scheme:dark)" in drawn
    assert "svg{--c0:#ffffff;" in drawn  # what was white is the page, what was black is the ink
    assert f"--black:{DARK.ink}" in drawn
    assert not re.findall("fill: #ffffff|stroke: #000000", drawn)
