"""A bare endpoint that only inserts a row into a table like that of incidents: `python -m benchmarks.bare ADDRESS PORT`."""

import sys
from typing import Any

import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from gisgrid.store.engine import for_writing, is_postgresql, make_engine
from gisgrid.store.tables import INCIDENT

_FILLED: dict[str, Any] = {
    "state": "reported", "is_urgent": False, "reporter": "", "source": "phone", "stated": "", "township": "331002001000",
    "village": "331002001001", "grid": "331002001001001", "how": "inside", "border_distance_m": 41.5, "alternatives": "",
    "grade": "ordinary", "holder": "331002001001", "handed": "", "assistants": "", "alerted": "", "reopened": 0, "card": "", "steps": 0,
    "version": 1, "event_id": 1,
}  # fmt: skip


class Row(BaseModel):
    """What is posted."""

    category: str
    sub_category: str
    description: str
    lon: float
    lat: float
    accuracy_m: float
    source: str


def bare_table() -> sa.Table:
    """A table with the columns of incidents, a number that the database gives, no index and no geometry."""
    number = sa.Column("id", sa.Integer, primary_key=True)
    columns = [
        sa.Column(column.name, column.type, nullable=column.nullable)
        for column in INCIDENT.columns
        if column.name not in {"id", "place"}
    ]
    place = (sa.Column("lon", sa.Float), sa.Column("lat", sa.Float))
    return sa.Table("bare_row", sa.MetaData(), number, *columns, *place)


def make_bare_app(address: str) -> FastAPI:
    """The application, over the same kind of engine as ours: the same care for what is committed."""
    engine = make_engine(sa.make_url(address))
    if is_postgresql(engine):
        engine = sa.create_engine(engine.url, pool_size=20, max_overflow=20)
    writing, table = for_writing(engine), bare_table()
    table.create(engine, checkfirst=True)
    app = FastAPI(openapi_url=None)

    @app.post("/rows", status_code=201)
    def add(row: Row) -> dict[str, int]:
        values = {**_FILLED, **row.model_dump(), "reported_ms": 1_525_651_200_000}
        with writing.begin() as connection:
            return {"number": connection.execute(table.insert().values(**values)).inserted_primary_key[0]}

    return app


if __name__ == "__main__":
    uvicorn.run(
        make_bare_app(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False
    )
