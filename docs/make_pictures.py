"""Make the pictures of the README from a real sweep: docs/report.png and docs/figures.png.

    uv run python docs/make_pictures.py

Runs the sweep below, or resumes it, then takes pictures of its report with a headless Chromium (Debian: apt
install chromium). Takes a few minutes on two cores; once the sweep is complete, half a minute.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import plotly.graph_objects as go

from sweeps.report.figures.all import joint_plots, study_plots
from sweeps.report.findings.joint import compare_studies
from sweeps.report.findings.load import load_findings
from sweeps.study.storage import storage_at

HERE = Path(__file__).parent
OUTPUTS, NAME = HERE.parent / "outputs" / "pictures", "mnist5k"
# The sweep that the README begins with.
SWEEP = ["optimizer=sgd,adam"]
FOLDERS = ["outputs=outputs/pictures", f"hydra.sweeper.study_name={NAME}"]
CHROMIUM = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=20000",
]
# Pixels of the page, and how many of the picture each becomes.
REPORT, FIGURES, SCALE = (1400, 740), (1280, 520), 1.5


def main() -> None:
    """Sweep, then take both pictures."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("make_pictures.py needs Chromium: apt install chromium")
    sweep = [sys.executable, "-m", "sweeps.run", "-m", *SWEEP, *FOLDERS]
    subprocess.run(sweep, cwd=HERE.parent, check=True)
    take(program, OUTPUTS / NAME / "report.html", HERE / "report.png", REPORT)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "figures.html")
        page.write_text(figures_page(f"sqlite:///{OUTPUTS}/sweeps.db", NAME))
        take(program, page, HERE / "figures.png", FIGURES)


def figures_page(storage_url: str, name: str) -> str:
    """Return a page of two figures: every optimizer by learning rate, and every run of the first one."""
    studies = load_findings(storage_at(storage_url).open_for_reading(), name)
    plots = [*joint_plots(studies, compare_studies(studies)), *study_plots(studies[0])]
    figures = {plot.name: plot.figure for plot in plots}
    divisions = [division(figures[name]) for name in ("best-by-lr", "scores")]
    return f"<body style='margin:0;display:flex'>{''.join(divisions)}</body>"


def division(figure: go.Figure | None) -> str:
    """Return a figure in half of the page's width, with plotly.js itself."""
    assert figure is not None
    width, height = FIGURES
    figure.update_layout(width=width // 2, height=height)
    figure.layout.updatemenus = ()  # buttons are of no use in a picture
    return str(figure.to_html(full_html=False, config={"staticPlot": True}))


def take(program: str, page: Path, picture: Path, size: tuple[int, int]) -> None:
    """Take a picture of a page's top, in true colour."""
    width, height = size
    with tempfile.TemporaryDirectory() as profile:
        options = [f"--user-data-dir={profile}", f"--window-size={width},{height}"]
        picture_options = [f"--force-device-scale-factor={SCALE}", f"--screenshot={picture}"]
        command = [program, *CHROMIUM, *options, *picture_options, page.as_uri()]
        subprocess.run(command, check=True, timeout=180, stderr=subprocess.DEVNULL)
    print(f"{picture}: {picture.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
