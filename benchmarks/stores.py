"""The databases on which the store is measured."""

from collections.abc import Iterator

from benchmarks.report import Report
from tests.servers import NoServerError, postgis


def databases(report: Report) -> Iterator[tuple[str, str | None]]:
    """SQLite, and PostgreSQL where there is one: name and address."""
    yield "SQLite", None
    try:
        with postgis() as address:
            yield "PostgreSQL", address
    except NoServerError as error:
        report.note(f"PostgreSQL: left out ({error})")
