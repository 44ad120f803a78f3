"""
The page of a real report, for the site, and pictures of it for the README.

``python docs/picture.py`` makes both anew; the pictures need Chromium. The site makes the page
each time it is built.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from skxent import LogLossReport

FOLDER = Path(__file__).parent / "_static"
PAGE = FOLDER / "report.html"
# What a window shows of the page down to its list of contents, with 1.4 points a pixel.
WIDTH, HEIGHT, SCALE = 960, 740, 1.4
# Chromium's words for what `prefers-color-scheme` says.
SCHEMES = {"light": 1, "dark": 0}


def report() -> LogLossReport:
    """The report of the README: a random forest on handwritten digits."""
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.5, random_state=0, stratify=y
    )
    forest = RandomForestClassifier(random_state=0).fit(X_train, y_train)
    return LogLossReport.from_estimator(forest, X_test, y_test)


def write() -> None:
    """Write the page."""
    FOLDER.mkdir(exist_ok=True)
    report().write_html(PAGE)


def photograph(browser: str) -> None:
    """Take a picture of the page in each colour scheme."""
    with tempfile.TemporaryDirectory() as profile:
        for scheme, number in SCHEMES.items():
            picture = FOLDER / f"page-{scheme}.png"
            command = [
                *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                f"--user-data-dir={profile}",
                f"--window-size={WIDTH},{HEIGHT}",
                f"--force-device-scale-factor={SCALE}",
                f"--blink-settings=preferredColorScheme={number}",
                # Else a picture may be taken before everything is painted.
                "--run-all-compositor-stages-before-draw",
                "--virtual-time-budget=2000",
                f"--screenshot={picture}",
                PAGE.resolve().as_uri(),
            ]
            subprocess.run(command, check=True, capture_output=True, timeout=60)
            print(f"{picture.name}: {picture.stat().st_size / 1000:.0f} kB")


def main() -> int:
    """Write the page and its pictures."""
    write()
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("there is no chromium: the pictures stay as they are")
        return 1
    photograph(browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
