"""Data sets, one file each: `Config`, `build(config, *, split, seed)`, `ABOUT` and `TESTS`.

`build` knows the splits `train`, `valid` and `test`, and others of its own; `TESTS` names those
that a model is scored on, the main one first. Sets of clips that are judged as a whole say
`LEVEL = "clip"`, and know the split `all`; the others tell events.
"""
