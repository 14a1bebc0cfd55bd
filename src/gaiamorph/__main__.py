"""python -m gaiamorph"""

from gaiamorph.cli import main

if __name__ == "__main__":
    main()
