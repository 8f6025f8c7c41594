""".coveralls.yml: how a build is named when it is uploaded. Thresholds stand on its website.

https://docs.coveralls.io/coveralls-notifications
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.translation._notes import Translation, as_mapping, as_texts

if TYPE_CHECKING:
    from worker.core.config.yaml import Document

__all__ = ["translate_coveralls"]

_TOKENS = frozenset({"repo_token", "repo_secret_token"})


def translate_coveralls(document: Document) -> Translation:
    """Return what is left of it: the name of a flag, and where the thresholds go."""
    translation = Translation(document)
    keys = as_mapping(document.data)
    for key in keys:
        if key in _TOKENS:
            translation.note((key,), "not needed, and no longer secret here: revoke it")
        elif key != "flag_name":
            translation.note((key,), "not needed: Covgate reads what CI uploads as an artifact")
    flags = as_texts(keys.get("flag_name"))
    if flags:
        translation.config["reports"] = [{"artifact": f"*{flags[0]}*", "flag": flags[0]}]
        translation.note(("flag_name",), "name the artifact that holds this flag's reports")
    translation.config["gates"] = {"new_code": {"minimum": 60}, "regression": {"maximum": 2}}
    translation.notes.append(
        '"Coverage threshold for failure" of the website is gates.project.minimum, "coverage '
        'decrease threshold for failure" is gates.regression.maximum: put yours there'
    )
    return translation
