"""Bad reports in XML, LCOV and JSON. Each says by its name what is bad about it."""

from __future__ import annotations

from tests.core.corpus.case import Case

DTD = "http://cobertura.sourceforge.net/xml/coverage-04.dtd"
MB = 10**6


def cobertura(classes: str, start: str = "") -> bytes:
    """Return a Cobertura report with these classes."""
    return (
        f'<?xml version="1.0"?>{start}<coverage line-rate="1" version="1"><packages>'
        f'<package name="p"><classes>{classes}</classes></package></packages></coverage>'
    ).encode()


def line(number: str = "1", hits: str = "1") -> str:
    """Return a class with one line."""
    lines = f'<lines><line number="{number}" hits="{hits}"/></lines>'
    return f'<class name="a" filename="a.py">{lines}</class>'


def _entities(*declared: str) -> str:
    return f"<!DOCTYPE coverage [{''.join(declared)}]>"


def _laughs() -> bytes:
    levels = [f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)]
    return cobertura("&l9;", _entities('<!ENTITY l0 "ha">', *levels))


def _laughs_in_an_attribute() -> bytes:
    text = _laughs().replace(b"&l9;", b"")
    return text.replace(b'line-rate="1"', b'line-rate="&l9;"', 1)


def _quadratic() -> bytes:
    return cobertura("&a;" * 500_000, _entities(f'<!ENTITY a "{"x" * 10_000}">'))


XML = (
    Case("X1-billion-laughs", _laughs, "declares the entity 'l0'"),
    Case("X1-laughs-in-an-attribute", _laughs_in_an_attribute, "declares the entity 'l0'"),
    Case("X2-quadratic-blowup", _quadratic, "declares the entity 'a'"),
    Case(
        "X3-external-entity",
        lambda: cobertura("&a;", _entities('<!ENTITY a SYSTEM "file:///etc/passwd">')),
        "declares the entity 'a'",
    ),
    Case(
        "X4-parameter-entity",
        lambda: cobertura("", _entities('<!ENTITY % a SYSTEM "http://127.0.0.1:9/x.dtd"> %a;')),
        "declares the entity 'a'",
    ),
    Case(
        "X4-remote-dtd",
        lambda: cobertura(line(), '<!DOCTYPE coverage SYSTEM "http://127.0.0.1:9/x.dtd">'),
        lines=(1, 1),
    ),
    Case(
        "X5-genuine-doctype",
        lambda: cobertura(line(), f'<!DOCTYPE coverage SYSTEM "{DTD}">'),
        lines=(1, 1),
    ),
    Case(
        "X6-200k-deep",
        lambda: cobertura("<a>" * 200_000 + "</a>" * 200_000),
        "nested more than 100 deep",
    ),
    Case(
        "X7-60-MB-attribute",
        lambda: cobertura(f'<class name="a" filename="{"x" * 60 * MB}"/>'),
        "one tag has more than",
    ),
    Case(
        "X8-utf-16", lambda: cobertura(line()).decode().encode("utf-16"), lines=(1, 1)
    ),
    Case(
        "X8-wrong-encoding",
        lambda: cobertura(line()).replace(b"a.py", b"\xe4.py"),
        "not well-formed",
    ),
    Case(
        "X8-unknown-encoding",
        lambda: cobertura(line()).replace(b'"1.0"', b'"1.0" encoding="martian"', 1),
        "unknown encoding: martian",
    ),
    Case("X9-unclosed", lambda: cobertura(line())[:-20], "no well-formed XML.*cut off"),
    # An overflowed counter, and as in LCOV none: what it is not is a hit.
    Case("X10-negative-hits", lambda: cobertura(line(hits="-1")), lines=(0, 1)),
    *(
        Case(f"X10-hits-{hits or 'empty'}", lambda hits=hits: cobertura(line(hits=hits)), "hits is")
        for hits in ("1e99", "NaN", "")
    ),
    *(
        Case(f"X11-line-{number}", lambda n=number: cobertura(line(n)), "line number .* is not")
        for number in ("0", "-5", "1000000000000")
    ),
    Case(
        "X12-class-twice",
        lambda: cobertura(line(hits="0") + line(hits="3")),
        lines=(1, 1),
    ),
    Case("X13-foreign-root", lambda: b'<?xml version="1.0"?><coverages><a/></coverages>'),
    # Nothing measured: the look at the pull request says so.
    Case("X15-zero-packages", lambda: b'<coverage line-rate="1"><packages/></coverage>',
         lines=(0, 0)),
)  # fmt: skip


def lcov(records: str) -> bytes:
    """Return a tracefile of one file."""
    return f"TN:\nSF:a.py\n{records}end_of_record\n".encode()


LCOV = (
    Case("L1-negative-count", lambda: lcov("DA:1,1\nDA:2,-3\n"), lines=(1, 2)),
    Case("L2-line-0", lambda: lcov("DA:0,1\n"), "line 3, 'DA:0,1': line number 0"),
    Case("L3-line-10^18", lambda: lcov(f"DA:{10**18},1\n"), "is not between 1 and"),
    Case("L4-no-end-of-record", lambda: b"SF:a.py\nDA:1,1\nDA:2,0\n", lines=(1, 2)),
    Case(
        "L5-50-MB-line",
        lambda: lcov(f"FN:1,{'x' * 50 * MB}\nDA:1,1\n"),
        "a record has more than 1048576 bytes|records of one file have more than",
    ),
    Case(
        "L6-CRLF-and-mark",
        lambda: b"\xef\xbb\xbf" + lcov("DA:1,1\nDA:2,0\n").replace(b"\n", b"\r\n"),
        lines=(1, 2),
    ),
    Case("L7-repeated-file", lambda: lcov("DA:1,0\nDA:2,0\n") + lcov("DA:1,5\n"), lines=(1, 2)),
    Case("L8-NUL", lambda: lcov("DA:1,1\0\n"), "is NUL"),
    Case("L9-contradicting-sums", lambda: lcov("DA:1,1\nLF:900\nLH:900\n"), lines=(1, 1)),
    Case(
        "L10-traversal",
        lambda: lcov("DA:1,1\n").replace(b"a.py", b"../../etc/passwd"),
        lines=(1, 1),
    ),
)


def coveragepy(files: str, meta: str = "") -> bytes:
    """Return a report of coverage.py in JSON."""
    return f'{{"meta": {{"version": "7.6"{meta}}}, "files": {{{files}}}}}'.encode()


def file(executed: str = "1", missing: str = "2", path: str = "a.py") -> str:
    """Return one file in it."""
    return f'"{path}": {{"executed_lines": [{executed}], "missing_lines": [{missing}]}}'


JSON = (
    Case("J1-deep", lambda: coveragepy(f'{file()}, "b.py": {"[" * 200_000}'), "nested too deep"),
    Case("J2-NaN", lambda: coveragepy(file("NaN")), "JSON"),
    Case("J2-Infinity", lambda: coveragepy(file("Infinity")), "JSON"),
    Case("J2-1e999", lambda: coveragepy(file("1e999")), "JSON|shape|line number"),
    Case("J3-5000-digits", lambda: coveragepy(file("9" * 5_000)), "bad.report: "),
    Case("J4-duplicate-keys", lambda: coveragepy(f"{file()}, {file('2', '1')}"), "twice"),
    Case("J5-lone-surrogate", lambda: coveragepy(file(path="\\ud800.py")), lines=(1, 2)),
    Case("J6-mark", lambda: b"\xef\xbb\xbf" + coveragepy(file()), lines=(1, 2)),
    Case(
        "J7-39-MB-of-empty-files",
        lambda: coveragepy(f"{file()}, " + ",".join(f'"{n}": {{}}' for n in range(2_800_000))),
        "'0': .*`executed_lines`|more than .* files|more than 512 MB",
    ),
    Case("J8-executed-and-missing", lambda: coveragepy(file("1", "1")), "line 1 is both"),
    Case("J9-lines-as-texts", lambda: coveragepy(file('"1"')), "'a.py'.*shape"),
    Case(
        "J10-unknown-version",
        lambda: coveragepy(file(), ', "format": 4'),
        "JSON format 4",
    ),
)
