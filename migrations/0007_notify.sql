-- What `domcaps notify` and `collect --on-change` have to tell, and how far each sink was told.

-- Changes of content, failures and recoveries, in the order in which they became known: an import may be
-- of an older time. Numbers are never used again, so that a cursor stays right when rows go. Rows are
-- written only while there is a sink, and go when every sink was told of them.
CREATE TABLE notice_event (
  event_id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind     TEXT NOT NULL CHECK (kind IN ('change', 'failing', 'recovered')),
  host_id  INTEGER NOT NULL REFERENCES host ON DELETE CASCADE,
  at       INTEGER NOT NULL,
  since    INTEGER
) STRICT;

CREATE INDEX notice_event_host ON notice_event (host_id);

-- A sink of domcaps.toml. told: the last event that it was told of, or that was there before the sink.
-- delivered_at: NULL until something was delivered; until then hosts that fail are told whenever that began.
CREATE TABLE notice_sink (
  name         TEXT PRIMARY KEY,
  nonce        TEXT NOT NULL,
  told         INTEGER NOT NULL,
  seen_at      INTEGER NOT NULL,
  delivered_at INTEGER
) STRICT, WITHOUT ROWID;

-- Changes for which the command of `--on-change` has not succeeded yet.
CREATE TABLE pending_hook (
  host_id  INTEGER NOT NULL REFERENCES host ON DELETE CASCADE,
  taken_at INTEGER NOT NULL,
  PRIMARY KEY (host_id, taken_at)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER notice_change AFTER INSERT ON host_snapshot
WHEN NEW.is_change > 0 AND EXISTS (SELECT 1 FROM notice_sink)
BEGIN
  INSERT INTO notice_event (kind, host_id, at) VALUES ('change', NEW.host_id, NEW.taken_at);
END;

CREATE TRIGGER notice_first_failure AFTER INSERT ON host_contact
WHEN NEW.failing_since IS NOT NULL AND EXISTS (SELECT 1 FROM notice_sink)
BEGIN
  INSERT INTO notice_event (kind, host_id, at) VALUES ('failing', NEW.host_id, NEW.failing_since);
END;

CREATE TRIGGER notice_failure AFTER UPDATE ON host_contact
WHEN OLD.failing_since IS NULL AND NEW.failing_since IS NOT NULL AND EXISTS (SELECT 1 FROM notice_sink)
BEGIN
  INSERT INTO notice_event (kind, host_id, at) VALUES ('failing', NEW.host_id, NEW.failing_since);
END;

CREATE TRIGGER notice_recovery AFTER UPDATE ON host_contact
WHEN OLD.failing_since IS NOT NULL AND NEW.failing_since IS NULL AND EXISTS (SELECT 1 FROM notice_sink)
BEGIN
  INSERT INTO notice_event (kind, host_id, at, since)
  VALUES ('recovered', NEW.host_id, NEW.last_attempt, OLD.failing_since);
END;
