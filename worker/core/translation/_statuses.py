"""codecov.yml's statuses, of the whole, of flags and of components.

https://docs.codecov.com/docs/commit-status
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from worker.core.translation._globs import as_glob, escaped
from worker.core.translation._notes import (
    Translation,
    as_mapping,
    as_percent,
    as_texts,
    is_off,
)

if TYPE_CHECKING:
    from worker.core.config.yaml import Data, Loc

__all__ = ["translate_components", "translate_flag_statuses", "translate_statuses"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .:+/_-]{0,98}[A-Za-z0-9.:+/_-]|[A-Za-z0-9]")


def translate_statuses(translation: Translation, status: dict[str, Data]) -> None:
    """Translate `coverage.status`: the default ones are gates, others packages or flags."""
    gates = translation.config.setdefault("gates", {})
    loc: Loc = ("coverage", "status")
    project, patch = status.get("project"), status.get("patch")
    _default_project(translation, gates, (*loc, "project"), project)
    _default_patch(translation, gates, (*loc, "patch"), patch)
    for kind, rules in (("project", project), ("patch", patch)):
        for name, rule in as_mapping(rules).items():
            if name != "default":
                _named_status(translation, kind, name, as_mapping(rule))
    if not is_off(status.get("changes")) and "changes" in status:
        translation.note(
            (*loc, "changes"), "what changed elsewhere is told with its cause, but is no gate"
        )


def _default(rules: Data | None) -> dict[str, Data]:
    return as_mapping(as_mapping(rules).get("default"))


def _default_project(
    translation: Translation, gates: dict[str, Any], loc: Loc, rules: Data | None
) -> None:
    default = _default(rules)
    off = is_off(rules) or is_off(as_mapping(rules).get("default"))
    gates["regression"] = _regression(default)
    if off:
        gates["regression"]["blocking"] = False
        translation.note(loc, "the regression is told, and fails nothing")
        return
    target = as_percent(default.get("target"))
    if target is not None:
        gates["project"] = {"minimum": _less(target, default)} | _blocking(default)
        # A fixed target says nothing of the way there.
        gates["regression"] = {"maximum": Fraction(100)}
        translation.note((*loc, "default", "target"), "no regression is judged beside it")
    _leave(translation, (*loc, "default"), default)


def _regression(rule: dict[str, Data]) -> dict[str, Any]:
    found: dict[str, Any] = {"maximum": as_percent(rule.get("threshold")) or Fraction(0)}
    if not is_off(rule.get("removed_code_behavior")):
        found["adjust"] = True  # `adjust_base` is the default there
    return found | _blocking(rule)


def _default_patch(
    translation: Translation, gates: dict[str, Any], loc: Loc, rules: Data | None
) -> None:
    default = _default(rules)
    target = as_percent(default.get("target"))
    if is_off(rules) or is_off(as_mapping(rules).get("default")):
        gates["new_code"] = {"minimum": 60, "blocking": False}
        return
    gates["new_code"] = {"minimum": 60 if target is None else _less(target, default)}
    gates["new_code"] |= _blocking(default)
    if target is None:
        translation.note(
            loc,
            "`auto` asks of new code what the base has: put the project's present percentage "
            "into gates.new_code.minimum, or keep 60",
        )
    _leave(translation, (*loc, "default"), default)


def _less(target: Fraction, rule: dict[str, Data]) -> Fraction:
    return max(target - (as_percent(rule.get("threshold")) or 0), Fraction(0))


def _blocking(rule: dict[str, Data]) -> dict[str, bool]:
    return {"blocking": False} if rule.get("informational") is True else {}


def _leave(translation: Translation, loc: Loc, rule: dict[str, Data]) -> None:
    """Remark on the keys of a status that are not taken over."""
    known = {
        "target",
        "threshold",
        "informational",
        "removed_code_behavior",
        "paths",
        "flags",
        "name",
        "type",
    }
    usual = {
        "base": "the merge base is compared with",
        "branches": "pull requests onto every branch are judged",
        "if_ci_failed": "a run that failed keeps the regression from being judged",
        "if_not_found": "a missing report asks for action",
        "only_pulls": "pull requests alone are judged",
        "name_prefix": "checks have names of their own",
    }
    for key in rule:
        if key not in known:
            translation.note((*loc, key), usual.get(key, "has no counterpart"))


def _named_status(translation: Translation, kind: str, name: str, rule: dict[str, Data]) -> None:
    """Translate a status with a name: it is about some flags, or about some paths."""
    loc: Loc = ("coverage", "status", kind, name)
    flags, paths = as_texts(rule.get("flags")), as_texts(rule.get("paths"))
    _leave(translation, loc, rule)
    if flags:
        for flag in flags:
            _flag_gate(translation, loc, flag, kind, rule)
    elif paths:
        _package(translation, loc, name, paths, [(kind, rule)])
    else:
        translation.note(loc, "is about no paths and no flags: the default status says the same")


def _flag_gate(
    translation: Translation, loc: Loc, flag: str, kind: str, rule: dict[str, Data]
) -> None:
    gates = translation.config.setdefault("gates", {}).setdefault("flags", {})
    own = gates.setdefault(flag, {})
    target = as_percent(rule.get("target"))
    if kind == "patch":
        if target is None:
            translation.note(loc, "`auto` for new code has no counterpart: 60 stands there")
        own["new_code"] = {"minimum": 60 if target is None else _less(target, rule)}
        own["new_code"] |= _blocking(rule)
    elif target is None:
        own["regression"] = _regression(rule)
    else:
        own["project"] = {"minimum": _less(target, rule)} | _blocking(rule)
    reports = translation.config.setdefault("reports", [{"artifact": "coverage*"}])
    if all(report.get("flag") != flag for report in reports):
        reports.insert(0, {"artifact": f"*{escaped(flag)}*", "flag": flag})


def translate_flag_statuses(translation: Translation, management: dict[str, Data]) -> None:
    """Translate the statuses of `flag_management` to gates of the flags."""
    default = as_mapping(management.get("default_rules")).get("statuses")
    listed = management.get("individual_flags")
    for at, rules in enumerate(listed if isinstance(listed, list) else []):
        own = as_mapping(rules)
        statuses = own.get("statuses", default)
        loc: Loc = ("flag_management", "individual_flags", at)
        for name in as_texts(own.get("name")):
            for rule in statuses if isinstance(statuses, list) else []:
                kind = str(as_mapping(rule).get("type", ""))
                if kind in {"project", "patch"}:
                    _flag_gate(translation, loc, name, kind, as_mapping(rule))


def translate_components(translation: Translation, management: dict[str, Data]) -> None:
    """Translate `component_management` to packages."""
    default = as_mapping(management.get("default_rules")).get("statuses")
    listed = management.get("individual_components")
    for at, component in enumerate(listed if isinstance(listed, list) else []):
        own = as_mapping(component)
        loc: Loc = ("component_management", "individual_components", at)
        names = as_texts(own.get("name")) or as_texts(own.get("component_id"))
        statuses = own.get("statuses", default)
        rules = [as_mapping(one) for one in statuses] if isinstance(statuses, list) else []
        if "flag_regexes" in own:
            translation.note((*loc, "flag_regexes"), "give the package one `flag`")
        if names:
            kinds = [(str(rule.get("type", "project")), rule) for rule in rules]
            _package(translation, loc, names[0], as_texts(own.get("paths")), kinds)


def _package(
    translation: Translation,
    loc: Loc,
    name: str,
    paths: list[str],
    rules: list[tuple[str, dict[str, Data]]],
) -> None:
    globs = [glob for path in paths if (glob := as_glob(translation, (*loc, "paths"), path))]
    if not globs:
        translation.note(loc, "has no paths that could be told: write the package by hand")
        return
    packages: list[dict[str, Any]] = translation.config.setdefault("packages", [])
    title = name if _NAME.fullmatch(name) else f"package {len(packages) + 1}"
    package = next((one for one in packages if one["name"] == title), None)
    if package is None:
        package = {"name": title, "paths": globs}
        packages.append(package)
    for kind, rule in rules:
        target = as_percent(rule.get("target"))
        if kind == "patch":
            translation.note(loc, "a package has no gate on new code of its own")
        elif target is None:
            translation.note(
                loc, "`auto` has no counterpart: make it a `critical` path if it may not fall"
            )
        else:
            package |= {"minimum": _less(target, rule)} | _blocking(rule)
