"""An archive of a repository is somebody else's data, and may be cut off."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from worker.core import tarball
from worker.core.tarball import blob_id, read_tarball

FILES = {"a.py": b"a\n" * 400, "deep/b.py": b"", "deep/c.py": bytes(range(256)) * 20}


def pack(files: dict[str, bytes], *, top: str = "octo-hello-abc1234") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        folder = tarfile.TarInfo(top)
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        link = tarfile.TarInfo(f"{top}/link.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        for path, data in files.items():
            member = tarfile.TarInfo(f"{top}/{path}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return target.getvalue()


def read(packed: bytes, wanted=(*FILES, "link.py"), longest: int = 10_000) -> dict[str, bytes]:
    return dict(read_tarball(io.BytesIO(packed), wanted, longest=longest))


def test_wanted_files_come_out_and_links_do_not() -> None:
    """A link in a pull request would have the worker's own files compared."""
    assert read(pack(FILES)) == FILES
    assert read(pack(FILES), wanted={"deep/b.py"}) == {"deep/b.py": b""}


def test_long_files_are_passed_over() -> None:
    """One file of gigabytes would fill the memory."""
    assert read(pack(FILES), longest=1_000) == {
        path: data for path, data in FILES.items() if len(data) <= 1_000
    }


def test_wherever_it_is_cut_off_nothing_false_comes_out() -> None:
    """A connection that breaks would end the job, or lines be judged that nobody wrote."""
    packed = pack(FILES)
    for length in range(0, len(packed), 7):
        found = read(packed[:length])
        assert found.items() <= FILES.items()


@pytest.mark.parametrize(
    "packed", [b"", b"<html>", gzip.compress(b"no tar at all" * 100)], ids=["empty", "page", "gzip"]
)
def test_what_is_no_archive_holds_nothing(packed: bytes) -> None:
    """An error page would be a crash."""
    assert read(packed) == {}


def test_a_bomb_is_read_to_the_limit_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte that unpacks to a terabyte would hold a worker for hours."""
    monkeypatch.setattr(tarball, "MAX_TAR", 100_000)
    packed = pack({"first.py": b"1\n", "zeros": bytes(5_000_000), "last.py": b"2\n"})
    assert read(packed, wanted={"first.py", "last.py"}) == {"first.py": b"1\n"}


def test_a_blobs_id_is_gits() -> None:
    """Nothing of an archive would be believed, or all of it."""
    assert blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
