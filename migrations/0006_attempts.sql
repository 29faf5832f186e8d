-- What collecting came to, host by host and also where nothing was stored; and what lists of hosts say.

-- One row for each time a host was asked. Its retention is its own: a row goes 90 days later, when the
-- next attempt of that host is noted.
CREATE TABLE attempt (
  host_id     INTEGER NOT NULL REFERENCES host ON DELETE CASCADE,
  started_at  INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  outcome     TEXT NOT NULL CHECK (outcome IN ('stored', 'unchanged', 'partial', 'suspect', 'failed')),
  reason      TEXT,
  list        TEXT,
  PRIMARY KEY (host_id, started_at)
) STRICT, WITHOUT ROWID;

-- The attempts of a host in one row, which outlives them: since when it fails is told for as long as it
-- fails. failing_since is the first attempt after the last success.
CREATE TABLE host_contact (
  host_id       INTEGER PRIMARY KEY REFERENCES host ON DELETE CASCADE,
  last_attempt  INTEGER NOT NULL,
  last_success  INTEGER,
  failing_since INTEGER,
  failures      INTEGER NOT NULL,
  outcome       TEXT NOT NULL CHECK (outcome IN ('stored', 'unchanged', 'partial', 'suspect', 'failed')),
  reason        TEXT
) STRICT;

-- Which lists name a host, and since when a list that named it does no more.
CREATE TABLE listed_host (
  host_id INTEGER NOT NULL REFERENCES host ON DELETE CASCADE,
  list    TEXT NOT NULL,
  left_at INTEGER,
  PRIMARY KEY (host_id, list)
) STRICT, WITHOUT ROWID;

-- The groups that a list puts a host into. host_group holds these and those that were set by hand.
CREATE TABLE listed_group (
  host_id INTEGER NOT NULL REFERENCES host ON DELETE CASCADE,
  list    TEXT NOT NULL,
  name    TEXT NOT NULL,
  PRIMARY KEY (host_id, list, name)
) STRICT, WITHOUT ROWID;

-- 1: set by hand, and stays. 0: follows the lists. NULL: from before origins were kept; it stays until a
-- list names it too, and follows the list from then on.
ALTER TABLE host_group ADD COLUMN by_hand INTEGER DEFAULT 1;

UPDATE host_group SET by_hand = NULL;
