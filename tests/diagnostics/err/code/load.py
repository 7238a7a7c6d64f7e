import sys
from pathlib import Path

if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(Path("files/loans.csv").read_bytes())
