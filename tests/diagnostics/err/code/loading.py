from pathlib import Path

FILES = Path(__file__).parent.parent / "files"


def load(table: Path) -> None:
    table.write_bytes((FILES / "loans.csv").read_bytes())


def other() -> None:
    (FILES / "contract.yml").read_text()
