"""Topics: the tree, which of them people chose, and what speaks for somebody's having one."""

from scoring.topics.choosing import MOST, TooMany, choose
from scoring.topics.tree import TREE, branches, found, load, name_in, read_tree

__all__ = ["MOST", "TREE", "TooMany", "branches", "choose", "found", "load", "name_in", "read_tree"]
