"""Topics: the tree, which of them people chose, and what speaks for somebody's having one."""

from scoring.topics.choosing import MOST, TooMany, choose
from scoring.topics.tree import TREE, found, listed, load, name_in, read_tree

__all__ = ["MOST", "TREE", "TooMany", "choose", "found", "listed", "load", "name_in", "read_tree"]
