-- Snapshots that were removed one by one (`domcaps snapshot rm`), and why: a gap in a history that
-- nobody can explain is worse than the wrong snapshot was. No reference to the host: it may be removed
-- later, and a removed snapshot's id is a hash of its name anyway.

CREATE TABLE removed_snapshot (
  host TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  hash BLOB NOT NULL,
  removed_at INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;
