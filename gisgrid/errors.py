"""Every error a person can meet, as one tree; each message gives the value, the expectation and the remedy.

GisgridError                 anything said to a person as one sentence; command line: exit 2
├── InputError               what was handed in cannot be used
│   ├── UnreadableFile       no such file, no such format, damaged
│   ├── EmptyInput           nothing in it
│   ├── MissingColumn        a needed column is not there
│   ├── BadColumn            a column is there but cannot be what it should be
│   ├── MissingCrs           coordinates whose system nobody stated
│   ├── UnsupportedCrs       a system that cannot be converted honestly
│   ├── DuplicateCodes       two grids of one code
│   ├── MissingGeometry      a grid without a polygon
│   ├── UnknownGrid          a code that the network does not have
│   ├── BadOption            an option or argument out of its range
│   │   └── BadQuery         a query of a map program that the standard does not allow
│   ├── UnknownIncident      a number that no incident has
│   ├── ForbiddenMove        a move that the flow of incidents, or the office, does not allow now
│   │   └── BadMove          one that lacks what it needs, or says what it does not take: never allowed as it is
│   ├── Refused              a name and password that do not let in
│   ├── NotAllowed           something that this role, unit or token may not do
│   ├── NotThere             something that there is not, or that is not to be seen by whoever asks
│   ├── TooLarge             more than is taken in at a time
│   ├── TooMany              too much in a short time; `retry_after_s` says when to try again
│   └── InvalidPolicy        a policy that is misspelt or contradicts itself
├── StoreError               the database cannot do what was asked
│   ├── OutdatedDatabase     an older schema: upgrade it
│   ├── NewerDatabase        a schema of a newer gisgrid
│   ├── DatabaseLost         the server is not there, or went away in the middle; nothing was kept
│   │   └── Uncertain        the answer to a commit was lost: it may have been kept
│   └── Conflict             someone else has changed it meanwhile
│       └── Overtaken        what was to be changed is no longer as it was seen
└── InstallationError        the installation lacks something
    └── AssetsMissing        scripts and styles of the maps were not fetched
"""

from typing import ClassVar


class GisgridError(Exception):
    """The root: its text is one plain sentence (or two) that a person can act on, in English; `zh` the same in Chinese.

    `code` is for programs and never changes; `titles` are a few words in English and Chinese.
    """

    code: ClassVar[str] = "error"
    titles: ClassVar[tuple[str, str]] = ("something went wrong", "出错")

    def __init__(self, text: str = "", *, zh: str = "") -> None:
        super().__init__(text)
        self.zh = zh

    def told(self, language: int) -> str:
        """The text in English (0) or Chinese (1); in English where it has no other."""
        return self.zh if language and self.zh else str(self)


class InputError(GisgridError):
    """What was handed in cannot be used."""

    code = "input"
    titles = ("input cannot be used", "输入无法使用")


class UnreadableFile(InputError):
    """A file that is missing, damaged or of an unknown format."""

    code = "unreadable_file"
    titles = ("the file cannot be read", "文件无法读取")


class EmptyInput(InputError):
    """An input with nothing in it."""

    code = "empty_input"
    titles = ("there is nothing to use in it", "没有可用的内容")


class MissingColumn(InputError):
    """A table that lacks a needed column."""

    code = "missing_column"
    titles = ("a column is missing", "缺少列")


class BadColumn(InputError):
    """A column whose content cannot be what it should be."""

    code = "bad_column"
    titles = ("a column cannot be used", "列内容无法使用")


class MissingCrs(InputError):
    """Coordinates whose reference system nobody stated."""

    code = "missing_crs"
    titles = ("no reference system", "未说明坐标系")


class UnsupportedCrs(InputError):
    """A reference system that cannot be converted honestly."""

    code = "unsupported_crs"
    titles = ("this reference system cannot be converted", "坐标系无法转换")


class DuplicateCodes(InputError):
    """Two grids of one code in one network."""

    code = "duplicate_codes"
    titles = ("a code stands twice", "编号重复")


class MissingGeometry(InputError):
    """A grid without a polygon."""

    code = "missing_geometry"
    titles = ("a grid without a polygon", "网格缺少图形")


class UnknownGrid(InputError):
    """A grid code that the network does not have."""

    code = "unknown_grid"
    titles = ("no such grid or unit", "没有这个网格或单位")


class BadOption(InputError):
    """An option or argument outside its range."""

    code = "bad_option"
    titles = ("a value is out of its range", "取值不符合要求")


class BadQuery(BadOption):
    """A parameter of a query that OGC API - Features, or its collection, does not allow."""

    code = "bad_query"
    titles = ("the query cannot be answered", "查询参数不符合要求")


class UnknownIncident(InputError):
    """A number that no incident has."""

    code = "unknown_incident"
    titles = ("no such incident", "没有这个事件")


class ForbiddenMove(InputError):
    """A move that the flow of incidents does not allow now, or not to this office."""

    code = "forbidden_move"
    titles = ("the move is not possible now", "当前不能这样流转")


class BadMove(ForbiddenMove):
    """A move that lacks what it needs, or says what it does not take, whatever the state of the incident."""

    code = "bad_move"
    titles = ("the move is not said as it should be", "流转内容不完整或有误")


class Refused(InputError):
    """A name and password, or a token, that do not let in."""

    code = "refused"
    titles = ("not let in", "未通过身份验证")


class NotAllowed(InputError):
    """Something that this role, unit or token may not do."""

    code = "not_allowed"
    titles = ("not allowed", "没有权限")


class NotThere(InputError):
    """Something that there is not, or that is not to be seen by whoever asks: both look the same."""

    code = "not_there"
    titles = ("not found", "找不到")


class TooLarge(InputError):
    """More than is taken in at a time."""

    code = "too_large"
    titles = ("too large", "内容过大")


class TooMany(InputError):
    """Too much in a short time; nothing was read, and it can be sent again after `retry_after_s` seconds."""

    code = "too_many"
    titles = ("too many requests", "请求过于频繁")

    def __init__(self, text: str, retry_after_s: int = 1, *, zh: str = "") -> None:
        super().__init__(text, zh=zh)
        self.retry_after_s = retry_after_s


class InvalidPolicy(InputError):
    """A policy that is misspelt, out of range or contradicts itself."""

    code = "invalid_policy"
    titles = ("the policy cannot be used", "考核规则无法使用")


class StoreError(GisgridError):
    """The database cannot do what was asked; nothing half-done is left."""

    code = "store"
    titles = ("the database cannot do this", "数据库暂时无法处理")


class OutdatedDatabase(StoreError):
    """A database of an older gisgrid that has to be upgraded first."""

    code = "outdated_database"
    titles = ("the database is older", "数据库版本过旧")


class NewerDatabase(StoreError):
    """A database that a newer gisgrid has written."""

    code = "newer_database"
    titles = ("the database is newer", "数据库版本过新")


class DatabaseLost(StoreError):
    """A database that cannot be reached, or was lost in the middle of a transaction."""

    code = "database_lost"
    titles = ("the database is not there", "数据库连接中断")


class Uncertain(DatabaseLost):
    """A database that was lost while it committed: the change may have been kept or not."""

    code = "uncertain"
    titles = ("it may have been kept or not", "无法确定是否已保存")


class Conflict(StoreError):
    """Someone else has changed meanwhile what this change was based on."""

    code = "conflict"
    titles = ("conflict", "发生冲突")


class Overtaken(Conflict):
    """What was to be changed is no longer as whoever changes it has seen it."""

    code = "overtaken"
    titles = ("changed meanwhile", "内容已被他人修改")


class InstallationError(GisgridError):
    """The installation lacks something."""

    code = "installation"
    titles = ("the installation lacks something", "安装不完整")


class AssetsMissing(InstallationError):
    """The scripts and styles of the maps were not fetched."""

    code = "assets_missing"
    titles = ("files of the maps are missing", "缺少地图资源文件")
