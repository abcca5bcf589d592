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
│   ├── ForbiddenMove        a move that the flow of incidents, or the office, does not allow
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


class GisgridError(Exception):
    """The root: its text is one plain sentence (or two) that a person can act on."""


class InputError(GisgridError):
    """What was handed in cannot be used."""


class UnreadableFile(InputError):
    """A file that is missing, damaged or of an unknown format."""


class EmptyInput(InputError):
    """An input with nothing in it."""


class MissingColumn(InputError):
    """A table that lacks a needed column."""


class BadColumn(InputError):
    """A column whose content cannot be what it should be."""


class MissingCrs(InputError):
    """Coordinates whose reference system nobody stated."""


class UnsupportedCrs(InputError):
    """A reference system that cannot be converted honestly."""


class DuplicateCodes(InputError):
    """Two grids of one code in one network."""


class MissingGeometry(InputError):
    """A grid without a polygon."""


class UnknownGrid(InputError):
    """A grid code that the network does not have."""


class BadOption(InputError):
    """An option or argument outside its range."""


class BadQuery(BadOption):
    """A parameter of a query that OGC API - Features, or its collection, does not allow."""


class UnknownIncident(InputError):
    """A number that no incident has."""


class ForbiddenMove(InputError):
    """A move that the flow of incidents does not allow now, or not to this office."""


class Refused(InputError):
    """A name and password, or a token, that do not let in."""


class NotAllowed(InputError):
    """Something that this role, unit or token may not do."""


class NotThere(InputError):
    """Something that there is not, or that is not to be seen by whoever asks: both look the same."""


class TooLarge(InputError):
    """More than is taken in at a time."""


class TooMany(InputError):
    """Too much in a short time; nothing was read, and it can be sent again after `retry_after_s` seconds."""

    def __init__(self, text: str, retry_after_s: int = 1) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class InvalidPolicy(InputError):
    """A policy that is misspelt, out of range or contradicts itself."""


class StoreError(GisgridError):
    """The database cannot do what was asked; nothing half-done is left."""


class OutdatedDatabase(StoreError):
    """A database of an older gisgrid that has to be upgraded first."""


class NewerDatabase(StoreError):
    """A database that a newer gisgrid has written."""


class DatabaseLost(StoreError):
    """A database that cannot be reached, or was lost in the middle of a transaction."""


class Uncertain(DatabaseLost):
    """A database that was lost while it committed: the change may have been kept or not."""


class Conflict(StoreError):
    """Someone else has changed meanwhile what this change was based on."""


class Overtaken(Conflict):
    """What was to be changed is no longer as whoever changes it has seen it."""


class InstallationError(GisgridError):
    """The installation lacks something."""


class AssetsMissing(InstallationError):
    """The scripts and styles of the maps were not fetched."""
