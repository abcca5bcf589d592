"""Sentences that are kept as text and can be told in either language, such as why a row was set aside."""


class Told(str):
    """A sentence in English that carries the same in Chinese; where only text is wanted it is the English one."""

    __slots__ = ("zh",)
    zh: str

    def __new__(cls, text: str, zh: str) -> "Told":
        """The sentence in English and in Chinese."""
        told = super().__new__(cls, text)
        told.zh = zh
        return told

    def __reduce__(self) -> tuple[type["Told"], tuple[str, str]]:
        return Told, (str(self), self.zh)


def told_in(text: str, language: int) -> str:
    """A sentence in English (0) or Chinese (1); one that has no Chinese stays as it is."""
    return text.zh if language and isinstance(text, Told) else str(text)
