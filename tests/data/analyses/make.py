"""Runs the Python tests of these repositories with coverage, and keeps the reports.

    python tests/data/analyses/make.py [NAME …]

Needs pytest, coverage and SQLAlchemy. Times are kept to a tenth of a second, and what would
differ from run to run (hosts, days) is left out.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
RUNS = {
    "courier": {"unit": ("courier", "tests/unit"), "integration": ("courier", "tests/integration"),
                "system": ("courier", "tests/system")},
    "kiln": {"unit": ("kiln", "tests")},
    "tollgate": {"tests": ("tollgate", "tests")},
    "switchboard": {"unit": ("switchboard", "tests/unit"),
                    "integration": ("switchboard", "tests/integration"),
                    "e2e": ("switchboard", "tests/e2e")},
    "depot": {"python": ("workers/python/depot", "workers/python/tests")},
}  # fmt: skip
"""Of each repository, by the flag of the report: what is measured, and which tests run."""


def main(names: list[str]) -> None:
    for name in names or RUNS:
        for flag, (source, tests) in RUNS[name].items():
            make(name, flag, source, tests)


def make(name: str, flag: str, source: str, tests: str) -> None:
    """Run the tests of one flag in a copy, and write their two reports."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / name
        shutil.copytree(HERE / name / "repository", copy)
        settings = copy / "made.rc"
        settings.write_text(
            f"[run]\nsource = {source}\nrelative_files = true\nbranch = {name == 'switchboard'}\n"
            "dynamic_context = test_function\n"
        )
        coverage = [sys.executable, "-m", "coverage"]
        rc = f"--rcfile={settings}"
        pytest = ["-m", "pytest", "-q", "-c", "/dev/null", "--rootdir=.",
                  "-p", "no:cacheprovider"]
        paths = [*map(str, sorted(copy.glob(source.partition("/depot")[0] + "/")))]
        run = [*coverage, "run", rc, *pytest, f"--junitxml={copy / 'junit.xml'}", tests]
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join([str(copy), *paths])}
        subprocess.run(run, cwd=copy, env=environment, check=True)
        show = [*coverage, "json", rc, "--show-contexts", "-q", "-o", "coverage.json"]
        subprocess.run(show, cwd=copy, check=True)
        reports = HERE / name / "reports"
        reports.mkdir(exist_ok=True)
        report = json.loads((copy / "coverage.json").read_text())
        del report["meta"]["timestamp"]
        text = json.dumps(report, sort_keys=True, separators=(",", ":"))
        (reports / f"{flag}.json").write_text(text + "\n")
        junit = (copy / "junit.xml").read_text().replace(f"{copy}/", "")
        (reports / f"{flag}-junit.xml").write_text(steady(junit) + "\n")


def steady(junit: str) -> str:
    """Return a report of tests without what differs from run to run."""
    junit = re.sub(r' (?:timestamp|hostname)="[^"]*"', "", junit)
    junit = re.sub(r'time="([0-9.]+)"', lambda found: f'time="{float(found[1]):.1f}"', junit)
    return junit.replace("><test", ">\n<test").replace("></test", ">\n</test")


if __name__ == "__main__":
    main(sys.argv[1:])
