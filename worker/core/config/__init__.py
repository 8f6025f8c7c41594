"""A repository's configuration, `.github/covgate.yml`: values, their reading, their schema."""

from worker.core.config.reading import parse_config
from worker.core.config.schema import config_schema
from worker.core.config.values import (
    DEFAULT_CONFIG,
    Config,
    NewCodeRule,
    Partial,
    RegressionRule,
    ReportSource,
)

__all__ = [
    "DEFAULT_CONFIG",
    "Config",
    "NewCodeRule",
    "Partial",
    "RegressionRule",
    "ReportSource",
    "config_schema",
    "parse_config",
]
