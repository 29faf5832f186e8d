-- The first schema: snapshot -> profile -> body -> subtrees -> capabilities, each level addressed by
-- its content, so that an unchanged host costs one row a run and a document that two hosts share is
-- stored once. Row numbers stay inside a file; what leaves it is a hash. README.md explains the tables
-- and the views at the end, which are an interface.

CREATE TABLE host (
  host_id INTEGER PRIMARY KEY,
  name    TEXT NOT NULL UNIQUE,
  uri     TEXT
) STRICT;

CREATE TABLE host_group (
  name    TEXT NOT NULL,
  host_id INTEGER NOT NULL REFERENCES host ON DELETE CASCADE,
  PRIMARY KEY (name, host_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE context (
  context_id INTEGER PRIMARY KEY,
  hash       BLOB NOT NULL UNIQUE,
  libvirt    TEXT,
  hypervisor TEXT,
  kernel     TEXT,
  cpu        TEXT,
  microcode  TEXT,
  firmware   TEXT,
  api_flags  TEXT,
  uri        TEXT
) STRICT;

CREATE TABLE path (
  path_id INTEGER PRIMARY KEY,
  path    TEXT NOT NULL UNIQUE
) STRICT;

-- Elements whose own name holds a dot, which a path does not tell; name_at is where the name begins.
CREATE TABLE dotted_name (
  path    TEXT PRIMARY KEY,
  name_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A set or list is one value, a JSON array: the blockers of a CPU model are some 30 members that
-- come and go together.
CREATE TABLE value (
  value_id INTEGER PRIMARY KEY,
  kind     TEXT NOT NULL CHECK (kind IN ('null', 'support', 'number', 'text', 'set', 'list')),
  value    TEXT NOT NULL,
  UNIQUE (kind, value)
) STRICT;

-- Capabilities at or below one path, and the subtrees below them as a JSON array of subtree_ids.
CREATE TABLE subtree (
  subtree_id INTEGER PRIMARY KEY,
  hash       BLOB NOT NULL UNIQUE,
  path       TEXT NOT NULL,
  parts      TEXT
) STRICT;

CREATE TABLE subtree_capability (
  subtree_id INTEGER NOT NULL REFERENCES subtree ON DELETE CASCADE,
  path_id    INTEGER NOT NULL REFERENCES path,
  value_id   INTEGER NOT NULL REFERENCES value,
  PRIMARY KEY (subtree_id, path_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX subtree_capability_value ON subtree_capability (path_id, value_id);

-- A document without its identity elements. The bytes stand apart, so that walking bodies is quick.
CREATE TABLE body (
  body_id           INTEGER PRIMARY KEY,
  hash              BLOB NOT NULL UNIQUE,
  subtree_id        INTEGER NOT NULL REFERENCES subtree,
  shared_hash       BLOB NOT NULL,
  is_empty_document INTEGER NOT NULL,
  head_at           INTEGER NOT NULL
) STRICT;

-- zstd; where base_id is set, with the base's bytes as prefix. A base has no base itself.
CREATE TABLE body_content (
  body_id INTEGER PRIMARY KEY REFERENCES body ON DELETE CASCADE,
  base_id INTEGER REFERENCES body,
  length  INTEGER NOT NULL,
  content BLOB NOT NULL
) STRICT;

CREATE TABLE target (
  target_id INTEGER PRIMARY KEY,
  emulator  TEXT NOT NULL,
  arch      TEXT NOT NULL,
  virttype  TEXT NOT NULL,
  machine   TEXT NOT NULL,
  UNIQUE (arch, virttype, machine, emulator)
) STRICT;

-- The identity elements of a document as they stood in it; empty for a target that gave none.
CREATE TABLE head (
  head_id   INTEGER PRIMARY KEY,
  target_id INTEGER NOT NULL REFERENCES target,
  bytes     BLOB NOT NULL,
  UNIQUE (target_id, bytes)
) STRICT;

CREATE TABLE failure (
  failure_id INTEGER PRIMARY KEY,
  class      TEXT NOT NULL CHECK (class IN ('unsupported', 'transient', 'refused')),
  message    TEXT NOT NULL,
  UNIQUE (class, message)
) STRICT;

CREATE TABLE machine_list (
  machine_list_id INTEGER PRIMARY KEY,
  hash            BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE listed_machine (
  machine_list_id INTEGER NOT NULL REFERENCES machine_list ON DELETE CASCADE,
  position        INTEGER NOT NULL,
  emulator        TEXT,
  arch            TEXT NOT NULL,
  virttype        TEXT NOT NULL,
  name            TEXT NOT NULL,
  canonical       TEXT,
  max_cpus        INTEGER,
  deprecated      INTEGER NOT NULL,
  PRIMARY KEY (machine_list_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE profile (
  profile_id      INTEGER PRIMARY KEY,
  hash            BLOB NOT NULL UNIQUE,
  shared_hash     BLOB NOT NULL,
  machine_list_id INTEGER REFERENCES machine_list
) STRICT;

CREATE TABLE profile_target (
  profile_id INTEGER NOT NULL REFERENCES profile ON DELETE CASCADE,
  head_id    INTEGER NOT NULL REFERENCES head,
  body_id    INTEGER REFERENCES body,
  failure_id INTEGER REFERENCES failure,
  PRIMARY KEY (profile_id, head_id),
  CHECK ((body_id IS NULL) <> (failure_id IS NULL))
) STRICT, WITHOUT ROWID;

-- One row a host and run, and the only table that grows with unchanged runs. taken_at is in
-- milliseconds since 1970 UTC. is_change: its profile is another than that of the complete snapshot
-- before it (always 0 where the snapshot is not complete itself).
CREATE TABLE host_snapshot (
  host_id    INTEGER NOT NULL REFERENCES host ON DELETE CASCADE,
  taken_at   INTEGER NOT NULL,
  hash       BLOB NOT NULL,
  profile_id INTEGER NOT NULL REFERENCES profile,
  context_id INTEGER NOT NULL REFERENCES context,
  state      TEXT NOT NULL DEFAULT 'complete'
             CHECK (state IN ('complete', 'partial', 'failed', 'suspect')),
  is_change  INTEGER NOT NULL,
  PRIMARY KEY (host_id, taken_at)
) STRICT, WITHOUT ROWID;

CREATE INDEX host_snapshot_hash ON host_snapshot (hash);
CREATE INDEX host_snapshot_change ON host_snapshot (host_id, taken_at) WHERE is_change = 1;

CREATE TABLE snapshot_tag (
  host_id  INTEGER NOT NULL,
  name     TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  PRIMARY KEY (host_id, name, taken_at),
  FOREIGN KEY (host_id, taken_at) REFERENCES host_snapshot ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Not part of the interface: the subtrees of each body: the root, its parts, groups of CPU models, CPU models.
CREATE VIEW body_subtree AS
SELECT body_id, subtree_id FROM body
UNION ALL
SELECT b.body_id, p1.value
FROM body b JOIN subtree s0 USING (subtree_id), json_each(s0.parts) p1
UNION ALL
SELECT b.body_id, p2.value
FROM body b JOIN subtree s0 USING (subtree_id), json_each(s0.parts) p1
JOIN subtree s1 ON s1.subtree_id = p1.value, json_each(s1.parts) p2
UNION ALL
SELECT b.body_id, p3.value
FROM body b JOIN subtree s0 USING (subtree_id), json_each(s0.parts) p1
JOIN subtree s1 ON s1.subtree_id = p1.value, json_each(s1.parts) p2
JOIN subtree s2 ON s2.subtree_id = p2.value, json_each(s2.parts) p3;

-- Views: the interface. Everything above may change in a later migration, what stands below stays.

CREATE VIEW snapshot AS
SELECT lower(hex(s.hash)) AS snapshot,
       h.name AS host,
       strftime('%Y-%m-%dT%H:%M:%S', s.taken_at / 1000, 'unixepoch')
         || CASE WHEN s.taken_at % 1000 = 0 THEN '' ELSE printf('.%03d', s.taken_at % 1000) END
         || 'Z' AS taken_at,
       s.state,
       s.is_change,
       lower(hex(p.hash)) AS profile,
       c.libvirt, c.hypervisor, c.kernel, c.cpu, c.microcode, c.firmware, c.api_flags, c.uri
FROM host_snapshot s
JOIN host h USING (host_id)
JOIN profile p USING (profile_id)
JOIN context c USING (context_id);

-- One row for each value, and for each member of a set or list; an empty one has one row without a value.
CREATE VIEW capability AS
SELECT lower(hex(s.hash)) AS snapshot,
       h.name AS host,
       strftime('%Y-%m-%dT%H:%M:%S', s.taken_at / 1000, 'unixepoch')
         || CASE WHEN s.taken_at % 1000 = 0 THEN '' ELSE printf('.%03d', s.taken_at % 1000) END
         || 'Z' AS taken_at,
       t.emulator, t.arch, t.virttype, t.machine,
       pa.path, v.kind, m.value, m.key AS position
FROM host_snapshot s
JOIN host h USING (host_id)
JOIN profile_target pt USING (profile_id)
JOIN head USING (head_id)
JOIN target t USING (target_id)
JOIN body_subtree bs USING (body_id)
JOIN subtree_capability sc USING (subtree_id)
JOIN path pa USING (path_id)
JOIN value v USING (value_id)
LEFT JOIN json_each(CASE WHEN v.kind IN ('set', 'list') THEN v.value
                         WHEN v.kind = 'null' THEN '[null]'
                         ELSE json_array(v.value) END) m;

-- The same of each host's newest complete snapshot; found first, so that its cost is not the history's.
CREATE VIEW latest_capability AS
SELECT lower(hex(s.hash)) AS snapshot,
       h.name AS host,
       strftime('%Y-%m-%dT%H:%M:%S', s.taken_at / 1000, 'unixepoch')
         || CASE WHEN s.taken_at % 1000 = 0 THEN '' ELSE printf('.%03d', s.taken_at % 1000) END
         || 'Z' AS taken_at,
       t.emulator, t.arch, t.virttype, t.machine,
       pa.path, v.kind, m.value, m.key AS position
FROM host h
JOIN host_snapshot s ON s.host_id = h.host_id AND s.taken_at =
  (SELECT max(taken_at) FROM host_snapshot WHERE host_id = h.host_id AND state = 'complete')
JOIN profile_target pt USING (profile_id)
JOIN head USING (head_id)
JOIN target t USING (target_id)
JOIN body_subtree bs USING (body_id)
JOIN subtree_capability sc USING (subtree_id)
JOIN path pa USING (path_id)
JOIN value v USING (value_id)
LEFT JOIN json_each(CASE WHEN v.kind IN ('set', 'list') THEN v.value
                         WHEN v.kind = 'null' THEN '[null]'
                         ELSE json_array(v.value) END) m;

CREATE VIEW machine AS
SELECT lower(hex(s.hash)) AS snapshot,
       h.name AS host,
       m.emulator, m.arch, m.virttype, m.name AS machine, m.canonical, m.max_cpus, m.deprecated
FROM host_snapshot s
JOIN host h USING (host_id)
JOIN profile p USING (profile_id)
JOIN listed_machine m USING (machine_list_id);
