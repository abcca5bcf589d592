"""What a person is asked when an incident is moved on: what each move must say, and what it may say besides."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from gisgrid.flow import MOVES

Said = Literal["reason", "to", "assistants", "until", "is_satisfied"]

_OPTIONAL: Final[dict[str, tuple[Said, ...]]] = {"hand_down": ("to",), "hand_across": ("assistants",)}
"""What moves take and can do without: handed down without `to` it goes to the next below."""


class MoveForm(BaseModel):
    """What a move must say and what it may say besides, in the words of a step."""

    model_config = ConfigDict(extra="forbid")

    must: list[Said] = Field(examples=[["reason", "to"]])
    may: list[Said] = Field(examples=[["assistants"]])


def move_form(name: str) -> MoveForm:
    """The form of a move of `MOVES`. A reason may always be given."""
    move = MOVES[name]
    optional = _OPTIONAL.get(name, ())
    taken: list[Said] = [said for said in _takes(name) if said not in optional]
    reason: list[Said] = ["reason"]
    if move.reason:
        return MoveForm(must=reason + taken, may=[*optional])
    return MoveForm(must=taken, may=[*reason, *optional])


def _takes(name: str) -> list[Said]:
    words: dict[str, Said] = {
        "to": "to", "assistants": "assistants", "until_ms": "until", "is_satisfied": "is_satisfied",
    }  # fmt: skip
    return [words[said] for said in MOVES[name].takes]
