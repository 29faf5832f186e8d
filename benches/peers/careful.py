"""Stores documents by content: what was seen before is neither parsed nor stored again.

usage: careful.py DATABASE FOLDER      each *.xml file of FOLDER is a host of that name

A document is known by the SHA-256 of its bytes; its facts are stored once, whatever number of hosts has it.
Paths, of which there are few, are stored once too. One transaction, with a write-ahead log, and the index
that the question which hosts say so needs.
"""

import gc
import hashlib
import sqlite3
import sys
from pathlib import Path

from facts import facts

SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE document (document_id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE);
CREATE TABLE path (path_id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
CREATE TABLE fact (
    document_id INTEGER NOT NULL REFERENCES document,
    path_id INTEGER NOT NULL REFERENCES path,
    value TEXT NOT NULL
);
CREATE TABLE host (name TEXT PRIMARY KEY, document_id INTEGER NOT NULL REFERENCES document) WITHOUT ROWID;
"""

# Made once all is there: that is quicker than to keep it in order with each row.
INDEX = "CREATE INDEX fact_path ON fact (path_id, value, document_id)"


class Importer:
    def __init__(self, connection):
        self.connection = connection
        self.documents = dict(connection.execute("SELECT sha256, document_id FROM document"))
        self.paths = dict(connection.execute("SELECT path, path_id FROM path"))

    def document(self, content):
        """The id of a document, stored where it was not there."""
        digest = hashlib.sha256(content).digest()
        known = self.documents.get(digest)
        if known is not None:
            return known
        insert = "INSERT INTO document (sha256) VALUES (?)"
        document = self.connection.execute(insert, (digest,)).lastrowid
        rows = [(document, self.path(path), value) for path, value in facts(content)]
        self.connection.executemany("INSERT INTO fact VALUES (?, ?, ?)", rows)
        self.documents[digest] = document
        return document

    def path(self, path):
        known = self.paths.get(path)
        if known is None:
            insert = "INSERT INTO path (path) VALUES (?)"
            known = self.paths[path] = self.connection.execute(insert, (path,)).lastrowid
        return known


def main(database, folder):
    # Nothing here is in a cycle that would have to be looked for.
    gc.disable()
    connection = sqlite3.connect(database)
    connection.executescript(SCHEMA)
    with connection:
        importer = Importer(connection)
        for file in sorted(Path(folder).glob("*.xml")):
            document = importer.document(file.read_bytes())
            connection.execute("INSERT INTO host VALUES (?, ?)", (file.stem, document))
        connection.execute(INDEX)
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
