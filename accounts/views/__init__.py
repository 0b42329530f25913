"""The pages of the settings, a module for each, and the pictures of people."""

from accounts.views.choosing import EDITORS, around, chosen_person, named, settings_address

__all__ = ["EDITORS", "around", "chosen_person", "named", "settings_address"]
