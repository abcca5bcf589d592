"""The store: what the system remembers, on SQLite or PostgreSQL with PostGIS; every change has an author."""

from gisgrid.store.store import Change, Store, open_store

__all__ = ["Change", "Store", "open_store"]
