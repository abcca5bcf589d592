"""Tracks: take in fixes, mark them, find presence and visits, and judge days and weeks."""
