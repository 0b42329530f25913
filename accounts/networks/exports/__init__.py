"""Readers of the data exports that people download, one file for each network; they know what a network file knows."""
