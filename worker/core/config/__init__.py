"""A repository's configuration, `.github/covgate.yml`: values, their reading, their schema."""

from worker.core.config.gap_rules import GoalsRule, Priority, RiskLevel, RiskRule
from worker.core.config.reading import parse_config
from worker.core.config.schema import config_schema
from worker.core.config.values import (
    DEFAULT_CONFIG,
    BranchesRule,
    CarryForward,
    CheckAs,
    CommandsRule,
    CommentRule,
    CommentWhen,
    Config,
    CriticalPath,
    FlagRules,
    FunctionsRule,
    LineClass,
    NewCodeRule,
    OnUnmeasured,
    Package,
    Partial,
    ProjectRule,
    RegressionRule,
    ReportSource,
)

__all__ = [
    "DEFAULT_CONFIG",
    "BranchesRule",
    "CarryForward",
    "CheckAs",
    "CommandsRule",
    "CommentRule",
    "CommentWhen",
    "Config",
    "CriticalPath",
    "FlagRules",
    "FunctionsRule",
    "GoalsRule",
    "LineClass",
    "NewCodeRule",
    "OnUnmeasured",
    "Package",
    "Partial",
    "Priority",
    "ProjectRule",
    "RegressionRule",
    "ReportSource",
    "RiskLevel",
    "RiskRule",
    "config_schema",
    "parse_config",
]
