"""Rows as CSV, line by line, that no spreadsheet runs anything of: see accounts.spreadsheets."""

from accounts.spreadsheets import FORMULAS, safe, written

__all__ = ["FORMULAS", "safe", "written"]
