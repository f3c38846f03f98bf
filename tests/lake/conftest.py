"""The services of these tests, started once, and the places for a lake that they make possible."""

import itertools
from collections.abc import Iterator, Mapping

import pytest

from tests.lake import postgres as pg
from tests.lake import s3 as object_store
from tests.lake.postgres import Postgres
from tests.lake.s3 import S3Server

Environment = Mapping[str, str]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    folder = pg.programs()
    if folder is None:
        pytest.skip("PostgreSQL's programs are not installed: install the package postgresql")
    service = Postgres(folder).start()
    yield service
    service.remove()


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    program = object_store.program()
    if program is None:
        pytest.skip("no S3 server: put versitygw on PATH, or name it in LAKEHOUSE_TEST_S3_SERVER")
    service = S3Server(program, tmp_path_factory.mktemp("s3")).start()
    yield service
    service.stop()


@pytest.fixture
def on_postgres(postgres: Postgres) -> Environment:
    """Settings of a lake whose catalog is a database of its own."""
    return {"LAKEHOUSE_LAKE_CATALOG": postgres.create_database(f"lake_{next(_numbers)}")}


@pytest.fixture
def on_s3(s3: S3Server) -> Environment:
    """Settings of a lake whose data files are under a prefix of a bucket of its own."""
    return {**s3.settings, "LAKEHOUSE_LAKE_DATA": s3.bucket(f"lake-{next(_numbers)}") + "some/prefix"}


POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)
S3 = pytest.param("s3", marks=pytest.mark.s3)
BOTH = pytest.param("both", marks=[pytest.mark.postgres, pytest.mark.s3])


@pytest.fixture(params=[POSTGRES, S3, BOTH])
def place(request: pytest.FixtureRequest) -> Environment:
    """Each place that is not the default one."""
    fixtures = {"postgres": ["on_postgres"], "s3": ["on_s3"], "both": ["on_postgres", "on_s3"]}[request.param]
    return {key: value for name in fixtures for key, value in request.getfixturevalue(name).items()}
