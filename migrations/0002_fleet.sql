-- What questions about many hosts need: each host's newest snapshot without a walk through its
-- history, and the changes of a period. The index on the hash goes: it was as large as the rows it
-- served, and an id is looked for among the snapshots of one host.

DROP INDEX host_snapshot_hash;

-- Changes of a period, over all hosts, with all that is asked of them: they stand far apart in the
-- table. Its condition is written as no other is, so that a question about one host never takes it.
CREATE INDEX host_snapshot_changed ON host_snapshot (taken_at, hash, profile_id, context_id, is_change)
WHERE is_change > 0;

-- The values that are unique to the host, which shared_hash leaves out: two changes of one shared
-- content are alike only where these stayed or moved alike.
ALTER TABLE profile ADD COLUMN host_unique TEXT NOT NULL DEFAULT '';

UPDATE profile SET host_unique = coalesce((
  SELECT group_concat(value, char(31)) FROM (
    SELECT DISTINCT v.value
    FROM path pa
    CROSS JOIN (SELECT DISTINCT body_id FROM profile_target
                WHERE profile_id = profile.profile_id) t
    CROSS JOIN body b ON b.body_id = t.body_id
    CROSS JOIN subtree s ON s.subtree_id = b.subtree_id AND s.hash <> b.shared_hash
    CROSS JOIN json_each(s.parts) p
    CROSS JOIN subtree_capability sc ON sc.subtree_id = p.value AND sc.path_id = pa.path_id
    JOIN value v USING (value_id)
    WHERE pa.path = 'features.sev.cpu0Id' ORDER BY v.value)), '');

-- The groups of each host.
CREATE INDEX host_group_of ON host_group (host_id);

-- The snapshot that `latest` means: a host's newest complete one; where none is, the newest that has
-- anything. newest_at is when the host was last asked: later than taken_at where newer snapshots were
-- passed over. Kept with every write to host_snapshot; no row where all of a host's snapshots failed.
CREATE TABLE host_latest (
  host_id    INTEGER PRIMARY KEY REFERENCES host ON DELETE CASCADE,
  taken_at   INTEGER NOT NULL,
  hash       BLOB NOT NULL,
  profile_id INTEGER NOT NULL REFERENCES profile,
  context_id INTEGER NOT NULL REFERENCES context,
  state      TEXT NOT NULL,
  newest_at  INTEGER NOT NULL
) STRICT;

INSERT INTO host_latest
SELECT s.host_id, s.taken_at, s.hash, s.profile_id, s.context_id, s.state,
       (SELECT max(taken_at) FROM host_snapshot n WHERE n.host_id = s.host_id)
FROM host h JOIN host_snapshot s ON s.host_id = h.host_id AND s.taken_at = (
  SELECT taken_at FROM host_snapshot n WHERE n.host_id = h.host_id AND n.state <> 'failed'
  ORDER BY n.state = 'complete' DESC, n.taken_at DESC LIMIT 1);

DROP VIEW latest_capability;

-- The same of each host's newest complete snapshot.
CREATE VIEW latest_capability AS
SELECT lower(hex(l.hash)) AS snapshot,
       h.name AS host,
       strftime('%Y-%m-%dT%H:%M:%S', l.taken_at / 1000, 'unixepoch')
         || CASE WHEN l.taken_at % 1000 = 0 THEN '' ELSE printf('.%03d', l.taken_at % 1000) END
         || 'Z' AS taken_at,
       t.emulator, t.arch, t.virttype, t.machine,
       pa.path, v.kind, m.value, m.key AS position
FROM host_latest l
JOIN host h USING (host_id)
JOIN profile_target pt ON pt.profile_id = l.profile_id
JOIN head USING (head_id)
JOIN target t USING (target_id)
JOIN body_subtree bs USING (body_id)
JOIN subtree_capability sc USING (subtree_id)
JOIN path pa USING (path_id)
JOIN value v USING (value_id)
LEFT JOIN json_each(CASE WHEN v.kind IN ('set', 'list') THEN v.value
                         WHEN v.kind = 'null' THEN '[null]'
                         ELSE json_array(v.value) END) m
WHERE l.state = 'complete';
