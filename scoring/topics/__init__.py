"""Topics: the tree, which of them people chose, and what speaks for somebody's having one."""

from scoring.topics.choosing import MOST, TooMany, add, choose, give_up
from scoring.topics.tree import TREE, found, listed, load, name_in, read_tree

__all__ = [
    "MOST",
    "TREE",
    "TooMany",
    "add",
    "choose",
    "found",
    "give_up",
    "listed",
    "load",
    "name_in",
    "read_tree",
]
