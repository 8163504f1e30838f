"""Data sets, one file each: `Config`, `build(config, *, split, seed)` and `ABOUT`."""
