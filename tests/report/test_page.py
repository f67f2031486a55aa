"""The report's page: its first screen, its figures without sight, script or network, on any screen."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import BaseStorage

from sweeps.report.figures.all import Plot
from sweeps.report.figures.curves import learning_curves
from sweeps.report.figures.style import COLOURS
from sweeps.report.findings.joint import compare_studies
from sweeps.report.findings.load import load_findings
from sweeps.report.outputs.alternatives import describe, figure_table
from sweeps.report.outputs.document import Document, Part, compose_document
from sweeps.report.outputs.html import NO_BREAK, THEME, render_html, render_part
from tests.support.studies import grid_study, hill, two_confirmed

# The most bytes of a page.
LIMIT = 1.5e6
# What a browser measures of the page in frames of these widths: a laptop's and a phone's.
WIDTHS = (1400, 390)
MEASURE = """<body><script type="module">
async function measure(width) {
  const frame = document.createElement("iframe");
  frame.width = width;
  frame.src = "report.html";
  await new Promise((resolve) => { frame.onload = resolve; document.body.append(frame); });
  const page = frame.contentDocument, count = (selector) => page.querySelectorAll(selector).length;
  for (const details of page.querySelectorAll("details")) details.open = true;
  const wait = () => new Promise((resolve) => setTimeout(resolve, 50));
  while (count(".js-plotly-plot") < count("script.figure")) await wait();
  const rest = page.querySelector("button[aria-pressed=false]");
  const range = () => String(rest.closest("figure").querySelector(".js-plotly-plot").layout.yaxis.range);
  const before = range();
  rest.click();
  return {
    width: page.documentElement.scrollWidth,
    charts: count(".main-svg"),
    pressed: rest.getAttribute("aria-pressed"),
    moved: range() !== before,
  };
}
const results = [];
for (const width of WIDTHS) results.push(await measure(width));
document.title = JSON.stringify(results);
</script>
"""


def document_of(storage: BaseStorage) -> Document:
    """Return the report of a storage's sweep."""
    studies = load_findings(storage, None)
    return compose_document(studies, compare_studies(studies))


@pytest.fixture(scope="module")
def document() -> Document:
    """The report of two optimizers."""
    storage = optuna.storages.InMemoryStorage()
    two_confirmed(storage, gap=1.0)
    return document_of(storage)


def drawn_plots(document: Document) -> list[Plot]:
    """Return the figures that are drawn."""
    return [plot for part in document.parts for plot in part.plots if plot.figure is not None]


def between(page: str, start: str, end: str) -> str:
    """Return what stands between two texts of a page."""
    return page.split(start, 1)[1].split(end, 1)[0]


def test_the_first_screen_is_the_answer_alone(document: Document) -> None:
    screen = between(render_html(document), '<section class="answer">', "</section>")
    answer = document.answer
    assert between(screen, "<h1>", "</h1>") == answer.advice
    assert screen.count('<th scope="row">') == len(answer.rows) == 2
    assert all(f"<td>{row.score}</td>" in screen.replace(NO_BREAK, " ") for row in answer.rows)
    assert screen.count("<figure>") == 1
    assert screen.count("<li>") == len(answer.facts) <= 3
    assert re.findall('href="(.*?)"', screen) == ["#figures", "#sure", "#tables", "#guide"]
    assert "<h2" not in screen


def test_no_line_ends_within_a_figure_and_its_interval(document: Document) -> None:
    page = re.sub("<script.*?</script>", "", render_html(document), flags=re.DOTALL)
    assert re.search(f"<td>\\d+\\.\\d+{NO_BREAK}\\[[\\d.]+,{NO_BREAK}[\\d.]+\\]</td>", page)
    assert not re.search(r"\[[-\d.e]+, [-\d.e]+\]", page)


def test_the_rest_of_the_page_goes_from_figures_to_certainty_to_tables_to_the_guide(
    document: Document,
) -> None:
    page = render_html(document)
    headings = re.findall('<h2 id="(.*?)">', page)
    assert headings == ["figures", "sure", "tables", "guide"]
    assert page.count('class="figure"') == len(drawn_plots(document))
    assert "<table>" not in between(page, 'id="sure"', 'id="tables"')
    tables = between(page, 'id="tables"', 'id="guide"')
    assert tables.count("<details>") == tables.count("<table>") >= len(document.parts)


def test_every_figure_has_its_numbers_in_words_and_in_a_table(document: Document) -> None:
    page = render_html(document)
    labels = re.findall('role="img" aria-label="(.*?)"', page)
    assert len(labels) == len(drawn_plots(document))
    assert all(re.search(r"\d", label) for label in labels)
    for noscript in re.findall("<noscript>(.*?)</noscript>", page, re.DOTALL):
        assert noscript.count("<tr>") > 1


def test_a_figure_is_described_by_the_ends_of_each_series_without_its_bands_and_runs(
    document: Document,
) -> None:
    [best] = [plot.figure for plot in drawn_plots(document) if plot.name == "best-by-lr"]
    assert best is not None
    text = describe(best)
    assert re.fullmatch(
        r"Best score at each lr\. sgd: 95\.\d+ \(0\.1\) to 97\.\d+ \(0\.01\); "
        r"adam: 96\.\d+ \(0\.1\) to 98\.\d+ \(0\.01\); recommended: .*\.",
        text,
    )
    assert len(figure_table(best).rows) == 3 + 3 + 2
    [cells] = [plot.figure for plot in drawn_plots(document) if plot.name == "maps"][:1]
    assert cells is not None
    assert "to 97.12 (lr=0.01 momentum=0.9)" in describe(cells)


def test_the_small_bundle_and_both_themes_can_draw_every_figure(document: Document) -> None:
    assert not set(THEME.values()) & {colour.lower() for colour in COLOURS}
    page = render_html(document)
    assert all(page.count(f"{name}: #") == 2 for name in THEME)  # on a light page and on a dark one
    for plot in drawn_plots(document):
        assert plot.figure is not None
        assert {trace.type for trace in plot.figure.data} <= {"scatter", "bar"}
        # Black and white would vanish on one of the two pages.
        assert not re.search('"#(000000|FFFFFF|000|fff)"', str(plot.figure.to_json()))


def test_a_page_of_seven_optimizers_is_small() -> None:
    storage = optuna.storages.InMemoryStorage()
    for number in range(7):
        grid_study(storage, f"optimizer{number}")
    assert len(render_html(document_of(storage)).encode()) < LIMIT


def test_a_name_can_not_end_the_figures_script_or_become_html() -> None:
    figure = learning_curves("</script><b>", {"run": {}})
    page = render_part(Part("</title><b>", plots=[Plot("curves", "Curves", figure, "How to read.")]))
    assert "<b>" not in page
    data = between(page, 'data-for="figure-1">', "</script>")
    assert json.loads(data)["layout"]["title"]["text"] == "</script><b>"


def test_chromium_draws_every_figure_on_any_screen_without_the_network(tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    storage = optuna.storages.InMemoryStorage()
    # So bad that the figures start above it, and have a button that shows it.
    study = grid_study(
        storage, "sgd", lambda params, seed: hill(params, seed) - 10 * (params["optimizer.lr"] == 0.001)
    )
    # A word that is longer than a phone's line.
    study.set_user_attr("search_space", {"optimizer.lr": f"choice({', '.join(['0.001'] * 20)})"})
    document = document_of(storage)
    (tmp_path / "report.html").write_text(render_html(document))
    (tmp_path / "frames.html").write_text(MEASURE.replace("WIDTHS", str(list(WIDTHS))))
    flags = [
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0"),
        # The frames' script may look into the page, another local file.
        *("--allow-file-access-from-files", f"--user-data-dir={tmp_path}/profile"),
        *("--virtual-time-budget=15000", "--dump-dom"),
    ]
    command = [chromium, *flags, f"file://{tmp_path}/frames.html"]
    opened = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "CONSOLE" not in opened.stderr
    results: list[dict[str, Any]] = json.loads(between(opened.stdout, "<title>", "</title>"))
    for width, result in zip(WIDTHS, results, strict=True):
        # Plotly draws each in two layers or more.
        assert result["charts"] >= 2 * len(drawn_plots(document))
        assert result["width"] <= width
        assert (result["pressed"], result["moved"]) == ("true", True)
