"""``python -m ondes``: the command line."""

from ondes.cli import main

if __name__ == "__main__":
    main()
