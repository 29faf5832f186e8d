"""Stores documents the simple way: a row for each fact of each document, one transaction, and the index that
the question which hosts say so needs.

usage: naive.py DATABASE FOLDER      each *.xml file of FOLDER is a host of that name
"""

import sqlite3
import sys
from pathlib import Path

from facts import facts

SCHEMA = """
CREATE TABLE fact (host TEXT NOT NULL, path TEXT NOT NULL, value TEXT NOT NULL);
"""

# Made once all is there: that is quicker than to keep it in order with each row.
INDEX = "CREATE INDEX fact_path ON fact (path, value, host)"


def main(database, folder):
    connection = sqlite3.connect(database)
    connection.executescript(SCHEMA)
    with connection:
        for file in sorted(Path(folder).glob("*.xml")):
            host = file.stem
            rows = ((host, path, value) for path, value in facts(file.read_bytes()))
            connection.executemany("INSERT INTO fact VALUES (?, ?, ?)", rows)
        connection.execute(INDEX)
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
