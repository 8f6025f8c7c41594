"""codecov.yml: its statuses as gates, its components as packages, its flags as reports.

What each key means: https://docs.codecov.com/docs/codecovyml-reference
A status passes where coverage is at least `target` less `threshold`; a target of `auto` is
the base commit's own coverage. Without any, both statuses are there with `auto`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.core.translation._globs import IS_REGEX, as_glob, escaped
from worker.core.translation._notes import Translation, as_mapping, as_texts, is_off
from worker.core.translation._statuses import (
    translate_components,
    translate_flag_statuses,
    translate_statuses,
)

if TYPE_CHECKING:
    from worker.core.config.yaml import Data, Document, Loc

__all__ = ["translate_codecov"]

_UNLIKE = {
    "codecov": "not needed: Covgate reads artifacts, and waits for all workflow runs of a commit",
    "parsers": "not needed: the branches that a report tells of are counted as they are",
    "slack_app": "Covgate's own notifications are a setting of the server",
    "test_analytics": "JUnit reports beside the coverage reports are read by themselves",
    "profiling": "there is nothing like it",
    "cli": "not needed: nothing is uploaded",
}
_SHOWN = {
    "precision": "percentages have two decimals",
    "round": "percentages are always rounded down, so that 60.00 % is never less than 60",
    "range": "there are no colours to choose",
}


def translate_codecov(document: Document) -> Translation:
    """Return what it asks for in Covgate's words, and what has no counterpart."""
    translation = Translation(document)
    keys = as_mapping(document.data)
    coverage = as_mapping(keys.get("coverage"))
    _reports(translation, keys)
    translate_statuses(translation, as_mapping(coverage.get("status")))
    translate_flag_statuses(translation, as_mapping(keys.get("flag_management")))
    translate_components(translation, as_mapping(keys.get("component_management")))
    _paths(translation, keys, coverage)
    _telling(translation, keys)
    for key, text in _SHOWN.items():
        if key in coverage:
            translation.note(("coverage", key), text)
    for key in keys:
        if key in _UNLIKE:
            translation.note((key,), _UNLIKE[key])
        elif key not in _READ:
            translation.note((key,), "has no counterpart, or is not known")
    return translation


_READ = frozenset(
    {
        "comment",
        "component_management",
        "coverage",
        "fixes",
        "flag_management",
        "flags",
        "github_checks",
        "ignore",
    }
)


def _reports(translation: Translation, keys: dict[str, Data]) -> None:
    """Name an artifact for each flag: uploads name their flag there, artifacts here."""
    found: dict[str, tuple[Loc, dict[str, Data]]] = {}
    for name, rules in as_mapping(keys.get("flags")).items():
        found[name] = (("flags", name), as_mapping(rules))
    management = as_mapping(keys.get("flag_management"))
    default = as_mapping(management.get("default_rules"))
    listed = management.get("individual_flags")
    for at, rules in enumerate(listed if isinstance(listed, list) else []):
        own = as_mapping(rules)
        for name in as_texts(own.get("name")):
            found[name] = (("flag_management", "individual_flags", at), {**default, **own})
    reports: list[dict[str, Any]] = []
    for name, (loc, rules) in found.items():
        report: dict[str, Any] = {"artifact": f"*{escaped(name)}*", "flag": name}
        if rules.get("carryforward") is True:
            report["carry_forward"] = {}
        if "paths" in rules:
            translation.note(
                (*loc, "paths"), "a flag is all that its artifact's reports hold; use `packages`"
            )
        reports.append(report)
    if reports:
        translation.config["reports"] = [*reports, {"artifact": "coverage*"}]
        translation.notes.append(
            "flags: a flag is told by the name of the artifact here; name yours in `reports`"
        )


def _paths(translation: Translation, keys: dict[str, Data], coverage: dict[str, Data]) -> None:
    ignored = as_texts(keys.get("ignore")) + as_texts(coverage.get("ignore"))
    globs = [glob for path in ignored if (glob := as_glob(translation, ("ignore",), path))]
    if globs:
        translation.config["ignore"] = list(dict.fromkeys(globs))
    fixes = as_texts(keys.get("fixes")) + as_texts(coverage.get("fixes"))
    found = []
    for fix in fixes:
        before, _, after = fix.partition("::")
        if IS_REGEX.search(before):
            translation.note(("fixes",), f"{fix!a} is a regular expression; a `*` may stand there")
        else:
            found.append({"from": before} | ({"to": after} if after else {}))
    if found:
        translation.config["path_fixes"] = found


def _telling(translation: Translation, keys: dict[str, Data]) -> None:
    comment = keys.get("comment")
    if is_off(comment):
        translation.config["comment"] = {"post": "never"}
    changes = as_mapping(comment).get("require_changes")
    if changes is not None and not is_off(changes):
        translation.config["comment"] = {"post": "problems"}
        translation.note(("comment", "require_changes"), "a comment is made where something fails")
    for key in as_mapping(comment):
        if key != "require_changes":
            translation.note(("comment", key), "there is one comment, kept up to date in place")
    checks = keys.get("github_checks")
    quiet = is_off(checks) or is_off(as_mapping(checks).get("annotations"))
    if checks is not None and not quiet:
        translation.config["check"] = {"annotations": 50}
