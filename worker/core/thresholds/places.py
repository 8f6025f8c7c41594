"""Which files of a repository may hold a coverage threshold."""

from __future__ import annotations

import re

__all__ = ["Kind", "base_name", "is_threshold_path", "kind_of"]

from enum import Enum, auto


class Kind(Enum):
    """How a file is written, as far as thresholds need it."""

    TOML = auto()
    INI = auto()
    YAML = auto()
    JSON = auto()
    SCRIPT = auto()
    """JavaScript or TypeScript."""
    RUBY = auto()
    XML = auto()
    GRADLE = auto()
    """Groovy, Kotlin or Scala."""
    COMMANDS = auto()
    """A Makefile and its like, or Python that runs commands."""


_NAMES = {
    "pyproject.toml": Kind.TOML,
    ".coveragerc.toml": Kind.TOML,
    "tarpaulin.toml": Kind.TOML,
    ".tarpaulin.toml": Kind.TOML,
    "setup.cfg": Kind.INI,
    "tox.ini": Kind.INI,
    ".coveragerc": Kind.INI,
    "pytest.ini": Kind.INI,
    ".pytest.ini": Kind.INI,
    "codecov.yml": Kind.YAML,
    ".codecov.yml": Kind.YAML,
    "codecov.yaml": Kind.YAML,
    ".codecov.yaml": Kind.YAML,
    ".testcoverage.yml": Kind.YAML,
    ".testcoverage.yaml": Kind.YAML,
    ".nycrc.yml": Kind.YAML,
    ".nycrc.yaml": Kind.YAML,
    ".gitlab-ci.yml": Kind.YAML,
    ".travis.yml": Kind.YAML,
    "appveyor.yml": Kind.YAML,
    ".appveyor.yml": Kind.YAML,
    "bitbucket-pipelines.yml": Kind.YAML,
    ".pre-commit-config.yaml": Kind.YAML,
    "Taskfile.yml": Kind.YAML,
    "cloudbuild.yaml": Kind.YAML,
    "package.json": Kind.JSON,
    ".nycrc": Kind.JSON,
    ".nycrc.json": Kind.JSON,
    ".c8rc": Kind.JSON,
    ".c8rc.json": Kind.JSON,
    "coveralls.json": Kind.JSON,
    "jest.config.json": Kind.JSON,
    "composer.json": Kind.JSON,
    ".simplecov": Kind.RUBY,
    "spec_helper.rb": Kind.RUBY,
    "rails_helper.rb": Kind.RUBY,
    "test_helper.rb": Kind.RUBY,
    "pom.xml": Kind.XML,
    "Directory.Build.props": Kind.XML,
    "build.gradle": Kind.GRADLE,
    "build.gradle.kts": Kind.GRADLE,
    "build.sbt": Kind.GRADLE,
    "Makefile": Kind.COMMANDS,
    "makefile": Kind.COMMANDS,
    "GNUmakefile": Kind.COMMANDS,
    "justfile": Kind.COMMANDS,
    "Justfile": Kind.COMMANDS,
    ".justfile": Kind.COMMANDS,
    "Jenkinsfile": Kind.COMMANDS,
    "noxfile.py": Kind.COMMANDS,
}
_PATTERNS = (
    (re.compile(r"\.github/(?:workflows|actions/[^/]+)/[^/]+\.ya?ml"), Kind.YAML),
    (re.compile(r"(?:[^/]+/)*\.circleci/[^/]+\.ya?ml"), Kind.YAML),
    (re.compile(r"(?:[^/]+/)*azure-pipelines[^/]*\.ya?ml"), Kind.YAML),
    (re.compile(r"(?:[^/]+/)*(?:jest|vitest|vite|nyc|karma)\.config\.[cm]?[jt]s"), Kind.SCRIPT),
    (re.compile(r"(?:[^/]+/)*vitest\.workspace\.[cm]?[jt]s"), Kind.SCRIPT),
    (re.compile(r"(?:[^/]+/)*karma\.conf\.[cm]?[jt]s"), Kind.SCRIPT),
)
_ASIDE = frozenset(
    {
        "node_modules", "vendor", "third_party", "site-packages", "fixtures", "__fixtures__",
        "testdata", "test_data", "test-data", "data", "samples", "examples", "example",
        "templates", "corpus",
    }
)  # fmt: skip
"""Folders of other people's code, and of files that are read and never run."""


def is_threshold_path(path: str) -> bool:
    """Return whether a file of the repository may hold a threshold, by its name and folder."""
    return kind_of(path) is not None and not _ASIDE.intersection(path.split("/")[:-1])


def kind_of(path: str) -> Kind | None:
    """Return how a file that may hold a threshold is written; None for all others."""
    known = _NAMES.get(base_name(path))
    if known is not None:
        return known
    return next((kind for pattern, kind in _PATTERNS if pattern.fullmatch(path)), None)


def base_name(path: str) -> str:
    """Return a path's last part."""
    return path.rpartition("/")[2]
