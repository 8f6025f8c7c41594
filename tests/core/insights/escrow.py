"""A small service with its tests, as a team audits it by hand: what each test runs is drawn."""

from __future__ import annotations

import ast
from textwrap import dedent

from tests.core.static.sources import read
from tests.core.test_render import CONTEXT
from worker.core.analysis import analyze
from worker.core.config import Config, Flow, PointPattern
from worker.core.diff import Diff, FileDiff
from worker.core.material import Material
from worker.core.model import FileCoverage, Report, bitmap
from worker.core.render.insights import insight_page
from worker.core.verdict import Inputs, Verdict

ROUTES = """
    from fastapi import APIRouter
    from escrow.service import Escrows

    router = APIRouter()


    @router.post("/escrows")
    async def create(body):
        return Escrows().create(body.user, body.amount)


    @router.get("/escrows/{id}")
    async def show(id):
        return Escrows().find(id)
"""
SERVICE = """
    from escrow.repository import Repository


    class Escrows:
        def create(self, user, amount):
            escrow = self.repository.add(user, amount)
            self.publisher.publish("settlement.events.v1", escrow)
            return escrow

        def find(self, id):
            return self.repository.find(id)

        def expire(self, escrow):
            self.audit.write(escrow)
            self.bus.emit("escrow.expired", escrow)
"""
REPOSITORY = """
    class Repository:
        def add(self, user, amount):
            # SECURITY-004: one connection for each request
            self.db.execute(
                "INSERT INTO escrows (user, amount) VALUES (%s, %s)",
                (user, amount),
            )
            self.db.commit()

        def find(self, id):
            return self.db.execute("SELECT * FROM escrows WHERE id = %s", (id,))
"""
CONSUMER = """
    import httpx
    from aiokafka import AIOKafkaConsumer


    class RiskConsumer:
        async def start(self):
            self.consumer = AIOKafkaConsumer("settlement.events.v1")

        async def handle(self, event):
            price = httpx.get("https://prices.example/v1").json()
            self.alerts.send(event, price)
            return price
"""
MODELS = """
    from sqlalchemy.orm import DeclarativeBase


    class Alert(DeclarativeBase):
        __tablename__ = "alerts"
"""
UNIT = """
    import time
    import random
    from unittest.mock import Mock

    from escrow.service import Escrows


    def test_create_hands_back_the_escrow():
        escrow = Escrows(Mock(), Mock()).create("ann", 5)
        assert escrow.amount == 5


    def test_expire_runs():
        Escrows(Mock(), Mock()).expire("one")
        time.sleep(2)


    def test_amounts():
        assert Escrows(Mock(), Mock()).create("ann", random.randint(1, 9))


    def test_rows_are_written():
        import psycopg2

        db = psycopg2.connect("postgresql://localhost/test")
        Escrows(db, Mock()).create("ann", 5)
        assert db.execute("SELECT count(*) FROM escrows") == 1
"""
INTEGRATION = """
    import pytest
    from fastapi.testclient import TestClient
    from unittest.mock import patch


    def test_an_escrow_reaches_the_risk_engine():
        \"\"\"SECURITY-001: the whole way.\"\"\"
        client = TestClient(app)
        response = client.post("/escrows", json={})
        assert response.status_code == 201


    @patch("escrow.consumer.RiskConsumer.handle")
    def test_consumer(handle):
        handle.return_value = 1
        assert RiskConsumer().handle({}) == 1
"""
SECURITY = """
    # Security of the escrow service

    - SECURITY-001: only the owner sees an escrow
    - SECURITY-002: sessions end
    - SECURITY-003: origins are checked
    - SECURITY-004: no query with the user's text

    All texts are UTF-8, signed with SHA-256, and dates ISO-8601. See RFC-2119 and CVE-2021-44228.
"""
TEXTS = {
    "src/escrow/routes.py": ROUTES,
    "src/escrow/service.py": SERVICE,
    "src/escrow/repository.py": REPOSITORY,
    "src/escrow/consumer.py": CONSUMER,
    "src/escrow/models.py": MODELS,
    "tests/unit/test_service.py": UNIT,
    "tests/integration/test_flow.py": INTEGRATION,
    "docs/security-issues.md": SECURITY,
}
UNIT_TEST = "tests/unit/test_service.py::"
FLOW_TEST = "tests/integration/test_flow.py::"
RUNS = {
    f"{UNIT_TEST}test_create_hands_back_the_escrow|run": ("Escrows.create",),
    f"{UNIT_TEST}test_expire_runs|run": ("Escrows.expire",),
    f"{UNIT_TEST}test_rows_are_written|run": ("Escrows.create", "Repository.add"),
    f"{FLOW_TEST}test_an_escrow_reaches_the_risk_engine|run": (
        "create", "Escrows.create", "Repository.add", "RiskConsumer.handle",
    ),
}  # fmt: skip


CONFIG = Config(
    points=(PointPattern("event", "bus.emit(*)"),),
    flows=(
        Flow("escrow", ("src/**/routes.py::create", "src/**/service.py", "src/**/consumer.py")),
        Flow("expiry", ("src/escrow/service.py::Escrows.expire", "src/**/consumer.py::handle")),
        Flow("typing error", ("src/escrow/service.py", "src/escrow/alert.py")),
    ),
)
"""Its own bus, and what has to work together."""


CONFIG = Config(
    points=(PointPattern("event", "bus.emit(*)"),),
    flows=(
        Flow("escrow", ("src/**/routes.py::create", "src/**/service.py", "src/**/consumer.py")),
        Flow("expiry", ("src/escrow/service.py::Escrows.expire", "src/**/consumer.py::handle")),
        Flow("typing error", ("src/escrow/service.py", "src/escrow/alert.py")),
    ),
)
"""Its own bus, and what has to work together."""


def cover(path: str, text: str, runs) -> FileCoverage:
    """Return a file's coverage: what runs on import, and the functions that each test runs."""
    text = dedent(text)
    facts = read(text, path)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
    measured = bitmap(node.lineno for node in nodes)
    bodies = {
        one.name: bitmap(range(one.line + 1, one.end_line + 1)) & measured
        for one in facts.functions
    }
    inside = 0
    for lines in bodies.values():
        inside |= lines
    contexts = {}
    for name, functions in runs.items():
        lines = 0
        for function in functions:
            lines |= bodies.get(function, 0)
        if lines:
            contexts[name] = lines
    hit = measured & ~inside
    for lines in contexts.values():
        hit |= lines
    return FileCoverage(path, measured, hit, contexts=tuple(sorted(contexts.items())))


def service(runs=RUNS, texts=TEXTS, changed=("src/escrow/service.py",), **more) -> Inputs:
    """Return the inputs of a verdict on the service: texts by path, functions by what runs them."""
    sources = [path for path in texts if path.endswith(".py") and "test" not in path]
    report = Report.of(cover(path, texts[path], runs) for path in sources)
    diff = Diff.of(
        FileDiff(path, path, bitmap(range(1, len(texts[path].splitlines()) + 1)), 0, "modified")
        for path in changed
    )
    facts = {path: read(text, path) for path, text in texts.items()}
    return Inputs(report, diff, material=Material(facts=facts), **more)


def tables(module, inputs):
    """Return the rows of an analysis' tables; nothing where it says nothing."""
    insight = module.look(analyze(inputs).evidence)
    return [] if insight is None else [table.rows for table in insight.tables]


def at(place) -> tuple[str, int]:
    """Return where a place begins."""
    return place.path, place.lines.bit_length() - 1


def page(module, inputs) -> str:
    """Return what the check shows of one analysis."""
    verdict = analyze(inputs)
    alone = Verdict(verdict.evidence, verdict.results, lambda evidence: (module.look(evidence),))
    return insight_page(alone, CONTEXT, budget=60_000) + "\n"
