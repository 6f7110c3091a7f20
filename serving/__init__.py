"""Offers a student over HTTP."""
