"""Cut GitHub's OpenAPI description down to the operations that Covgate uses.

    python slice.py path/to/api.github.com.json

reads the file of npm's `@octokit/openapi` and writes `github.json.gz` beside this script:
the operations listed below, the webhooks that the stand-in sends, and every component
that they refer to. Examples and prose are dropped.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

OPERATIONS = """
POST   /app-manifests/{code}/conversions
GET    /app
GET    /app/installations
GET    /app/installations/{installation_id}
POST   /app/installations/{installation_id}/access_tokens
GET    /app/hook/config
GET    /app/hook/deliveries
GET    /app/hook/deliveries/{delivery_id}
POST   /app/hook/deliveries/{delivery_id}/attempts
GET    /installation/repositories
GET    /orgs/{org}/teams/{team_slug}/memberships/{username}
GET    /rate_limit
GET    /repos/{owner}/{repo}
GET    /repos/{owner}/{repo}/installation
GET    /repos/{owner}/{repo}/actions/runs
GET    /repos/{owner}/{repo}/actions/runs/{run_id}
GET    /repos/{owner}/{repo}/actions/runs/{run_id}/artifacts
GET    /repos/{owner}/{repo}/actions/artifacts
GET    /repos/{owner}/{repo}/actions/artifacts/{artifact_id}
GET    /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}
GET    /repos/{owner}/{repo}/branches/{branch}
POST   /repos/{owner}/{repo}/check-runs
GET    /repos/{owner}/{repo}/check-runs/{check_run_id}
PATCH  /repos/{owner}/{repo}/check-runs/{check_run_id}
GET    /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations
GET    /repos/{owner}/{repo}/collaborators/{username}/permission
GET    /repos/{owner}/{repo}/commits
GET    /repos/{owner}/{repo}/commits/{ref}
GET    /repos/{owner}/{repo}/commits/{ref}/check-runs
GET    /repos/{owner}/{repo}/commits/{commit_sha}/pulls
GET    /repos/{owner}/{repo}/compare/{basehead}
GET    /repos/{owner}/{repo}/contents/{path}
GET    /repos/{owner}/{repo}/git/blobs/{file_sha}
GET    /repos/{owner}/{repo}/git/commits/{commit_sha}
GET    /repos/{owner}/{repo}/git/trees/{tree_sha}
GET    /repos/{owner}/{repo}/issues/{issue_number}/comments
POST   /repos/{owner}/{repo}/issues/{issue_number}/comments
GET    /repos/{owner}/{repo}/issues/comments/{comment_id}
PATCH  /repos/{owner}/{repo}/issues/comments/{comment_id}
DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}
GET    /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions
POST   /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions
DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions/{reaction_id}
GET    /repos/{owner}/{repo}/pulls
GET    /repos/{owner}/{repo}/pulls/{pull_number}
GET    /repos/{owner}/{repo}/pulls/{pull_number}/files
POST   /repos/{owner}/{repo}/statuses/{sha}
GET    /repos/{owner}/{repo}/rules/branches/{branch}
GET    /repos/{owner}/{repo}/tarball/{ref}
GET    /user
GET    /user/installations
GET    /user/installations/{installation_id}/repositories
GET    /user/memberships/orgs/{org}
"""

WEBHOOKS = """
check-run-completed check-run-created check-run-requested-action check-run-rerequested
check-suite-requested check-suite-rerequested
installation-created installation-deleted
installation-repositories-added installation-repositories-removed
issue-comment-created issue-comment-edited issue-comment-deleted
merge-group-checks-requested ping
pull-request-opened pull-request-synchronize pull-request-closed pull-request-reopened
pull-request-edited pull-request-converted-to-draft pull-request-ready-for-review
push repository-renamed repository-deleted
workflow-run-requested workflow-run-in-progress workflow-run-completed
"""

# The description marks a parameter that may hold slashes, but not everywhere.
MULTI_SEGMENT = {
    "/repos/{owner}/{repo}/branches/{branch}": "branch",
    "/repos/{owner}/{repo}/commits/{ref}": "ref",
    "/repos/{owner}/{repo}/commits/{ref}/check-runs": "ref",
    "/repos/{owner}/{repo}/compare/{basehead}": "basehead",
    "/repos/{owner}/{repo}/contents/{path}": "path",
    "/repos/{owner}/{repo}/git/trees/{tree_sha}": "tree_sha",
    "/repos/{owner}/{repo}/rules/branches/{branch}": "branch",
    "/repos/{owner}/{repo}/tarball/{ref}": "ref",
}

PROSE = ("description", "summary", "examples", "externalDocs", "tags", "x-github")


def bare(node: Any, *, names: bool = False) -> Any:
    """Return a node without prose and examples; `names` marks a mapping of property names."""
    if isinstance(node, list):
        return [bare(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: bare(value, names=key == "properties" and not names)
        for key, value in node.items()
        if names or (key not in PROSE and not (key == "example" and "properties" not in node))
    }


def references(node: Any) -> set[str]:
    """Return the targets of all `$ref`s below a node."""
    if isinstance(node, list):
        return set().union(*map(references, node))
    if not isinstance(node, dict):
        return set()
    found = set().union(*(references(value) for value in node.values()))
    return found | ({node["$ref"]} if isinstance(node.get("$ref"), str) else set())


def lookup(description: Any, reference: str) -> Any:
    """Return what a local `$ref` points to."""
    for part in reference.removeprefix("#/").split("/"):
        description = description[part]
    return description


def cut(description: Any) -> Any:
    """Return the slice of a whole description."""
    paths: dict[str, Any] = {}
    for line in OPERATIONS.split("\n"):
        if line:
            method, path = line.split()
            operation = description["paths"][path][method.lower()]
            paths.setdefault(path, {})[method.lower()] = bare(operation)
    for path, name in MULTI_SEGMENT.items():
        for operation in paths[path].values():
            operation["parameters"] = [
                lookup(description, p["$ref"]) if "$ref" in p else p
                for p in operation["parameters"]
            ]
            for parameter in operation["parameters"]:
                if parameter["name"] == name:
                    parameter["x-multi-segment"] = True
            operation["parameters"] = bare(operation["parameters"])
    webhooks = {
        name: bare(description["x-webhooks"][name]["post"]["requestBody"])
        for name in WEBHOOKS.split()
    }
    components: dict[str, Any] = {}
    waiting = references([paths, webhooks])
    seen: set[str] = set()
    while waiting:
        reference = waiting.pop()
        seen.add(reference)
        _, _, kind, name = reference.split("/")
        if kind == "examples":
            continue
        part = bare(lookup(description, reference))
        components.setdefault(kind, {})[name] = part
        waiting |= references(part) - seen
    return {
        "openapi": description["openapi"],
        "info": {key: description["info"][key] for key in ("title", "version", "license")},
        "paths": paths,
        "x-webhooks": webhooks,
        "components": components,
    }


def main(source: str) -> None:
    """Write the slice of the description in the file `source`."""
    sliced = cut(json.loads(Path(source).read_bytes()))
    text = json.dumps(sliced, sort_keys=True, separators=(",", ":")).encode()
    (HERE / "github.json.gz").write_bytes(gzip.compress(text, 9, mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])
