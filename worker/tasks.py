"""What RQ runs: one look at one subject.

This is the only function that a worker runs, called by name (`worker.contracts.RECONCILE`)
in a process forked for it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import structlog

from worker.contracts import Subject, SubjectKind
from worker.flows.reconcile import reconcile as reconcile_subject
from worker.logs import configure_logs, get_logger, log_context
from worker.settings import load_settings
from worker.stopping import handing_back
from worker.wiring import open_deps

__all__ = ["reconcile"]

_log = get_logger(__name__)


def reconcile(key: str) -> str:
    """Look at the subject of a key ("12:345:pull:7"); return how it went, in one word.

    A subject of a newer version is left alone: it stays due, and is woken again and again
    until one of that version's workers takes it.
    """
    try:
        subject = Subject.parse(key)
    except ValueError as error:
        _log.warning("subject.unknown", subject=key, reason=f"{error}; a newer worker takes it")
        return "unknown"
    settings = load_settings(os.environ, Path(".env"))
    if not structlog.is_configured():  # a spawned process (macOS) inherits no set-up
        configure_logs(settings.log_format, sys.stderr)
    with (
        handing_back(),
        log_context(
            installation=subject.installation_id,
            repository=subject.repository_id,
            pull_request=int(subject.id) if subject.kind is SubjectKind.PULL else None,
            head=subject.id if subject.kind in (SubjectKind.COMMIT, SubjectKind.GROUP) else None,
        ),
        open_deps(settings) as deps,
    ):
        return reconcile_subject(subject, deps)
