"""Settings of the service: one table with name, default and help, read from the environment once."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from gisgrid.errors import BadOption

PREFIX: Final = "GISGRID_"
_NOT_OURS: Final = frozenset({"GISGRID_CI"})


class Settings(BaseSettings):
    """Every setting, its default and what it means; the environment variable is GISGRID_ and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    data: Path = Field(Path("gisgrid-data"), description="folder of the embedded database, results and maps")
    database_url: str | None = Field(
        None, description="PostgreSQL database with PostGIS, postgresql://user@host:port/name; else the embedded one"
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="port to listen on")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from an environment; `BadOption` names unknown GISGRID_ variables with the nearest known one."""
    known = {PREFIX + name.upper(): name for name in Settings.model_fields}
    values: dict[str, str] = {}
    for name, value in environ.items():
        if not name.upper().startswith(PREFIX) or name in _NOT_OURS:
            continue
        if name.upper() not in known:
            near = get_close_matches(name.upper(), known, 1, cutoff=0.8)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise BadOption(f"the environment sets {name}, which is no setting; {hint}")
        values[known[name.upper()]] = value
    try:
        return Settings.model_validate(
            {**{name: field.default for name, field in Settings.model_fields.items()}, **values}
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise BadOption(f"{name} is {first['input']!r}: {first['msg']}") from None
