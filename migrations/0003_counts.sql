-- How many snapshots each host has: `hosts` tells it, and to count them is to walk the whole history.
-- Kept in the row that every snapshot writes anyway.

ALTER TABLE host_latest ADD COLUMN snapshots INTEGER NOT NULL DEFAULT 0;

UPDATE host_latest SET snapshots =
  (SELECT count(*) FROM host_snapshot s WHERE s.host_id = host_latest.host_id);
