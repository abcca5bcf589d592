"""The language of what a command shows."""

from typing import Annotated

import typer

from gisgrid.errors import BadOption

Language = Annotated[str, typer.Option(help="Language of what is shown: en or zh.")]


def spoken_language(text: str) -> int:
    """0 for English, 1 for Chinese; `BadOption` for another language."""
    if text not in {"en", "zh"}:
        raise BadOption(f"--language is {text!r}; expected en or zh")
    return int(text == "zh")
