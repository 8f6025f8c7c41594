"""What is new: added lines told apart into new, moved, and merely touched ones."""

from worker.core.novelty.classes import Classes, tell_apart
from worker.core.novelty.unmeasured import find_unmeasured, may_be_unmeasured
from worker.core.novelty.values import UnmeasuredFile, Why

__all__ = [
    "Classes",
    "UnmeasuredFile",
    "Why",
    "find_unmeasured",
    "may_be_unmeasured",
    "tell_apart",
]
