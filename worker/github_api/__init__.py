"""GitHub's REST API: the one package that imports PyGithub and PyJWT."""

from __future__ import annotations

from worker.github_api.app import GitHubApp
from worker.github_api.auth import PERMISSIONS, AppKey
from worker.github_api.client import RepositoryClient
from worker.github_api.manifest import NewApp, convert_manifest
from worker.github_api.secrets import Secret
from worker.github_api.tokens import MemoryTokenCache, RedisTokenCache

__all__ = [
    "PERMISSIONS",
    "AppKey",
    "GitHubApp",
    "MemoryTokenCache",
    "NewApp",
    "RedisTokenCache",
    "RepositoryClient",
    "Secret",
    "convert_manifest",
]
