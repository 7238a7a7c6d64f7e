"""The table of all findings, with a link to each page: what docs/findings.md shows.

In: the catalogue. Out: Markdown on standard output, grouped as codes are. Run: `python scripts/findings.py`.
"""

from __future__ import annotations

from pathlib import Path

from mlspec.checking.catalogue import catalogue

ROOT = Path(__file__).resolve().parents[1]
GROUPS = {
    "1": "The text: YAML, files, includes",
    "2": "The form: keys and values",
    "3": "The meaning: addresses, expressions, wiring",
    "4": "The graph and the steps",
    "5": "The targets and environments",
    "6": "Advice and policies",
}


def main() -> None:
    """Print a table for each group."""
    pages = catalogue()
    for digit, title in GROUPS.items():
        print(f"## {title}\n\n| code | says |\n|---|---|")
        for code in pages.codes:
            path = pages.file(code).resolve()
            if code.startswith(f"MLS{digit}") and path.is_relative_to(ROOT):
                print(
                    f"| [{code}](../{path.relative_to(ROOT).as_posix()}) | {pages.page(code).title.replace('|', chr(92) + '|')} |"
                )
        print()


if __name__ == "__main__":
    main()
