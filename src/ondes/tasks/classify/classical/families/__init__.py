"""The families of classical rivals, one file each, found by its name."""
