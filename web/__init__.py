"""Web: the application, its pages and its commands."""
