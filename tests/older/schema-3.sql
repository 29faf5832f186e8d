-- A database as version 0.1.0 wrote it (schema 3): see README.md. It must open in every later build.
PRAGMA foreign_keys = OFF;
PRAGMA application_id = 1685024099;
PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE body (
  body_id           INTEGER PRIMARY KEY,
  hash              BLOB NOT NULL UNIQUE,
  subtree_id        INTEGER NOT NULL REFERENCES subtree,
  shared_hash       BLOB NOT NULL,
  is_empty_document INTEGER NOT NULL,
  head_at           INTEGER NOT NULL
) STRICT;
INSERT INTO "body" VALUES(1,X'578432EC41E900353E4BDFFD785370DA',9,X'63F5110B2492617CC9F636463911CE8E',0,23);
INSERT INTO "body" VALUES(2,X'4B999B305BB59E61E9BCD5CD707A187D',11,X'DCF28E2D159E8A7C59579DC7A7DF74C4',0,23);
INSERT INTO "body" VALUES(3,X'AD650A2F13D179AC18E63C3DA67310CE',15,X'E46DEFB63B329479DE5604094F9F5789',0,23);
CREATE TABLE body_content (
  body_id INTEGER PRIMARY KEY REFERENCES body ON DELETE CASCADE,
  base_id INTEGER REFERENCES body,
  length  INTEGER NOT NULL,
  content BLOB NOT NULL
) STRICT;
INSERT INTO "body_content" VALUES(1,NULL,695,X'28B52FFD60B701B50900A28F2E1D5069EA40DB56ABDA2FEC9EF58DC1B0AF34387C9D27EAAAA362E6239E1A850B7F9B0D0BBFC7E7B3B0C3048F96EB48C464EB04BA62D5E4B31517468B95D6287C9DA45FA8D91B18040802BE2100D84C8E6D8B6F49936BDEABD6537BA10325FB0865524DEECE81B1FD5C26F45BD348BEDE693F194F238515070503C72A47EF9135493A68AD83E85AD88D35AAE37BE724D45D86081F614DB3D3B4D53356952E71D944E2B08671984A9726AB16540B076C8FBE1C1D7714CD0F7BC50131202042821C5B0FA5A2780D711C0C8FF22149600C810B32C0C05F800F085807384CAF3980E437F8C7F91B422B1BAFCD08819631EE289B32EC1B8501419B00D613E27A801F06502A806161ED3A7BA4A98FB1DFC871850B0C85DA8BA150E285B907000353380AB2799ECA0A78479A2D38134E09BB8B2C0D4A19');
INSERT INTO "body_content" VALUES(2,1,695,X'28B52FFD60B7017D0000183C383803008C4085BAC41C48CF2B');
INSERT INTO "body_content" VALUES(3,1,694,X'28B52FFD60B601B50000183C38380500A0B9840A810407B880425D620EA4E715');
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
INSERT INTO "context" VALUES(1,X'BA148A3AE0A196823C3B6C4FC083D4DE','10.0.0','QEMU 8.2.2',NULL,'AMD family 25 model 1 stepping 1','7',NULL,'expand-cpu-features',NULL);
INSERT INTO "context" VALUES(2,X'44DB1D35B500C2F2A7F08F476C0D17ED',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "context" VALUES(3,X'33813DD064E42BC8CA0998DC0A3F3BC4','10.0.0','QEMU 8.2.2',NULL,'AMD family 25 model 1 stepping 1','7',NULL,NULL,'fake://files/full?die=1');
CREATE TABLE dotted_name (
  path    TEXT PRIMARY KEY,
  name_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE failure (
  failure_id INTEGER PRIMARY KEY,
  class      TEXT NOT NULL CHECK (class IN ('unsupported', 'transient', 'refused')),
  message    TEXT NOT NULL,
  UNIQUE (class, message)
) STRICT;
INSERT INTO "failure" VALUES(1,'transient','not asked: virsh ended (exit code 1)');
CREATE TABLE head (
  head_id   INTEGER PRIMARY KEY,
  target_id INTEGER NOT NULL REFERENCES target,
  bytes     BLOB NOT NULL,
  UNIQUE (target_id, bytes)
) STRICT;
INSERT INTO "head" VALUES(1,1,X'3C706174683E2F7573722F62696E2F71656D752D73797374656D2D7838365F36343C2F706174683E0A20203C646F6D61696E3E6B766D3C2F646F6D61696E3E0A20203C6D616368696E653E70632D6934343066782D382E323C2F6D616368696E653E0A20203C617263683E7838365F36343C2F617263683E');
INSERT INTO "head" VALUES(2,2,X'3C706174683E2F7573722F62696E2F71656D752D73797374656D2D7838365F36343C2F706174683E0A20203C646F6D61696E3E6B766D3C2F646F6D61696E3E0A20203C6D616368696E653E70632D7133352D382E323C2F6D616368696E653E0A20203C617263683E7838365F36343C2F617263683E');
INSERT INTO "head" VALUES(3,1,X'');
INSERT INTO "head" VALUES(4,2,X'');
CREATE TABLE host (
  host_id INTEGER PRIMARY KEY,
  name    TEXT NOT NULL UNIQUE,
  uri     TEXT
) STRICT;
INSERT INTO "host" VALUES(1,'hv01',NULL);
INSERT INTO "host" VALUES(2,'hv02',NULL);
INSERT INTO "host" VALUES(3,'hv03',NULL);
INSERT INTO "host" VALUES(4,'hv04','fake://files/full?die=1');
CREATE TABLE host_group (
  name    TEXT NOT NULL,
  host_id INTEGER NOT NULL REFERENCES host ON DELETE CASCADE,
  PRIMARY KEY (name, host_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "host_group" VALUES('prod',1);
CREATE TABLE host_latest (
  host_id    INTEGER PRIMARY KEY REFERENCES host ON DELETE CASCADE,
  taken_at   INTEGER NOT NULL,
  hash       BLOB NOT NULL,
  profile_id INTEGER NOT NULL REFERENCES profile,
  context_id INTEGER NOT NULL REFERENCES context,
  state      TEXT NOT NULL,
  newest_at  INTEGER NOT NULL
, snapshots INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "host_latest" VALUES(1,1793584800000,X'713CB49659D15A4F8324FD29AB8454DA',1,1,'complete',1793584800000,2);
INSERT INTO "host_latest" VALUES(2,1793498400000,X'67EEE2F3F34683273B49EA7F2249E8DF',2,2,'complete',1793498400000,1);
INSERT INTO "host_latest" VALUES(3,1793498400000,X'C27769AEAB4B69885C960FE42547B160',3,2,'partial',1793498400000,1);
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
INSERT INTO "host_snapshot" VALUES(1,1793498400000,X'2DC1BB78B811A2274577E70DBFA1DAEC',1,1,'complete',1);
INSERT INTO "host_snapshot" VALUES(1,1793584800000,X'713CB49659D15A4F8324FD29AB8454DA',1,1,'complete',0);
INSERT INTO "host_snapshot" VALUES(2,1793498400000,X'67EEE2F3F34683273B49EA7F2249E8DF',2,2,'complete',1);
INSERT INTO "host_snapshot" VALUES(3,1793498400000,X'C27769AEAB4B69885C960FE42547B160',3,2,'partial',0);
INSERT INTO "host_snapshot" VALUES(4,1795887998751,X'AF41FC4E69B972E03813C8FC42978F7F',4,3,'failed',0);
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
INSERT INTO "listed_machine" VALUES(1,0,'/usr/bin/qemu-system-x86_64','x86_64','kvm','pc-i440fx-8.2',NULL,255,1);
INSERT INTO "listed_machine" VALUES(1,1,'/usr/bin/qemu-system-x86_64','x86_64','kvm','pc-q35-8.2',NULL,288,0);
INSERT INTO "listed_machine" VALUES(1,2,'/usr/bin/qemu-system-x86_64','x86_64','kvm','q35','pc-q35-8.2',288,0);
CREATE TABLE machine_list (
  machine_list_id INTEGER PRIMARY KEY,
  hash            BLOB NOT NULL UNIQUE
) STRICT;
INSERT INTO "machine_list" VALUES(1,X'A8A7AFF332EFB7D573B9E7017B204053');
CREATE TABLE path (
  path_id INTEGER PRIMARY KEY,
  path    TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO "path" VALUES(1,'cpu.mode[custom].model[EPYC-Rome].blockers');
INSERT INTO "path" VALUES(2,'cpu.mode[custom].model[EPYC-Rome].usable');
INSERT INTO "path" VALUES(3,'cpu.mode[custom].model[EPYC-Rome].vendor');
INSERT INTO "path" VALUES(4,'cpu.mode[custom].model[kvm64].usable');
INSERT INTO "path" VALUES(5,'cpu.mode[custom].model[kvm64].vendor');
INSERT INTO "path" VALUES(6,'cpu.mode[custom]');
INSERT INTO "path" VALUES(7,'cpu.mode[custom].model');
INSERT INTO "path" VALUES(8,'cpu.mode[host-model]');
INSERT INTO "path" VALUES(9,'cpu.mode[host-model].feature[x2apic].policy');
INSERT INTO "path" VALUES(10,'cpu.mode[host-model].model');
INSERT INTO "path" VALUES(11,'cpu.mode[host-model].model.fallback');
INSERT INTO "path" VALUES(12,'devices.disk');
INSERT INTO "path" VALUES(13,'devices.disk.bus');
INSERT INTO "path" VALUES(14,'features.sev');
INSERT INTO "path" VALUES(15,'vcpu.max');
CREATE TABLE profile (
  profile_id      INTEGER PRIMARY KEY,
  hash            BLOB NOT NULL UNIQUE,
  shared_hash     BLOB NOT NULL,
  machine_list_id INTEGER REFERENCES machine_list
, host_unique TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO "profile" VALUES(1,X'E80055DD03616D74C1EC2FB4C4BA66D3',X'674CEC7639A2DF7A3B81377449B41121',1,'');
INSERT INTO "profile" VALUES(2,X'D7C4DFD298BA7AEA8A43EEE69CF73BFE',X'96C15AB5A211219E2D78DE0606F1195F',NULL,'');
INSERT INTO "profile" VALUES(3,X'19F2F827F42237EAD3896656475A9E27',X'395EC47354B7EF85ADD353CF89915B51',NULL,'');
INSERT INTO "profile" VALUES(4,X'0918FD86FD1099387D5FAF3B8E9F2F92',X'0662960D4861B90ECFC8E0E7CFD8F8AC',1,'');
CREATE TABLE profile_target (
  profile_id INTEGER NOT NULL REFERENCES profile ON DELETE CASCADE,
  head_id    INTEGER NOT NULL REFERENCES head,
  body_id    INTEGER REFERENCES body,
  failure_id INTEGER REFERENCES failure,
  PRIMARY KEY (profile_id, head_id),
  CHECK ((body_id IS NULL) <> (failure_id IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO "profile_target" VALUES(1,1,1,NULL);
INSERT INTO "profile_target" VALUES(1,2,2,NULL);
INSERT INTO "profile_target" VALUES(2,2,3,NULL);
INSERT INTO "profile_target" VALUES(3,2,2,NULL);
INSERT INTO "profile_target" VALUES(4,3,NULL,1);
INSERT INTO "profile_target" VALUES(4,4,NULL,1);
CREATE TABLE snapshot_tag (
  host_id  INTEGER NOT NULL,
  name     TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  PRIMARY KEY (host_id, name, taken_at),
  FOREIGN KEY (host_id, taken_at) REFERENCES host_snapshot ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "snapshot_tag" VALUES(1,'pre-upgrade',1793498400000);
INSERT INTO "snapshot_tag" VALUES(2,'golden',1793498400000);
CREATE TABLE subtree (
  subtree_id INTEGER PRIMARY KEY,
  hash       BLOB NOT NULL UNIQUE,
  path       TEXT NOT NULL,
  parts      TEXT
) STRICT;
INSERT INTO "subtree" VALUES(1,X'2FFB2A90146CF9D135B48D90355D27B8','cpu.mode[custom].model[EPYC-Rome]',NULL);
INSERT INTO "subtree" VALUES(2,X'4C68EF9BBB1C08E411DD04B9EF39A52D','cpu.mode[custom].model[kvm64]',NULL);
INSERT INTO "subtree" VALUES(3,X'30DF0A74BB458401DC74252E90D8294A','cpu.mode[custom].model','[1,2]');
INSERT INTO "subtree" VALUES(4,X'BC82DFBEA95FC91303CCD491877F6258','cpu.mode[custom]','[3]');
INSERT INTO "subtree" VALUES(5,X'505D63B394303BD8BBCF753A76D13446','cpu.mode[host-model]',NULL);
INSERT INTO "subtree" VALUES(6,X'669D0CF0648EE7A95DB23982FE74287A','devices.disk',NULL);
INSERT INTO "subtree" VALUES(7,X'9D982642534342166F6CB448CC6C4518','features.sev',NULL);
INSERT INTO "subtree" VALUES(8,X'D35478B3C8E5A64C2D64B653B81B8860','vcpu.max',NULL);
INSERT INTO "subtree" VALUES(9,X'63F5110B2492617CC9F636463911CE8E','','[4,5,6,7,8]');
INSERT INTO "subtree" VALUES(10,X'79B208226A48D89F1FE13B5D33869425','vcpu.max',NULL);
INSERT INTO "subtree" VALUES(11,X'DCF28E2D159E8A7C59579DC7A7DF74C4','','[4,5,6,7,10]');
INSERT INTO "subtree" VALUES(12,X'D4E2B850CD7248367317E82F040401E6','cpu.mode[custom].model[kvm64]',NULL);
INSERT INTO "subtree" VALUES(13,X'6A70F9F3E49EA0FEA608B03B3096D633','cpu.mode[custom].model','[1,12]');
INSERT INTO "subtree" VALUES(14,X'A0B7406863915D8B851DBB137AB31FBD','cpu.mode[custom]','[13]');
INSERT INTO "subtree" VALUES(15,X'E46DEFB63B329479DE5604094F9F5789','','[14,5,6,7,10]');
CREATE TABLE subtree_capability (
  subtree_id INTEGER NOT NULL REFERENCES subtree ON DELETE CASCADE,
  path_id    INTEGER NOT NULL REFERENCES path,
  value_id   INTEGER NOT NULL REFERENCES value,
  PRIMARY KEY (subtree_id, path_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "subtree_capability" VALUES(1,1,1);
INSERT INTO "subtree_capability" VALUES(1,2,2);
INSERT INTO "subtree_capability" VALUES(1,3,3);
INSERT INTO "subtree_capability" VALUES(12,4,2);
INSERT INTO "subtree_capability" VALUES(2,4,4);
INSERT INTO "subtree_capability" VALUES(2,5,5);
INSERT INTO "subtree_capability" VALUES(12,5,5);
INSERT INTO "subtree_capability" VALUES(4,6,6);
INSERT INTO "subtree_capability" VALUES(14,6,6);
INSERT INTO "subtree_capability" VALUES(4,7,7);
INSERT INTO "subtree_capability" VALUES(14,7,7);
INSERT INTO "subtree_capability" VALUES(5,8,6);
INSERT INTO "subtree_capability" VALUES(5,9,8);
INSERT INTO "subtree_capability" VALUES(5,10,9);
INSERT INTO "subtree_capability" VALUES(5,11,10);
INSERT INTO "subtree_capability" VALUES(6,12,6);
INSERT INTO "subtree_capability" VALUES(6,13,11);
INSERT INTO "subtree_capability" VALUES(7,14,12);
INSERT INTO "subtree_capability" VALUES(8,15,13);
INSERT INTO "subtree_capability" VALUES(10,15,14);
CREATE TABLE target (
  target_id INTEGER PRIMARY KEY,
  emulator  TEXT NOT NULL,
  arch      TEXT NOT NULL,
  virttype  TEXT NOT NULL,
  machine   TEXT NOT NULL,
  UNIQUE (arch, virttype, machine, emulator)
) STRICT;
INSERT INTO "target" VALUES(1,'/usr/bin/qemu-system-x86_64','x86_64','kvm','pc-i440fx-8.2');
INSERT INTO "target" VALUES(2,'/usr/bin/qemu-system-x86_64','x86_64','kvm','pc-q35-8.2');
CREATE TABLE value (
  value_id INTEGER PRIMARY KEY,
  kind     TEXT NOT NULL CHECK (kind IN ('null', 'support', 'number', 'text', 'set', 'list')),
  value    TEXT NOT NULL,
  UNIQUE (kind, value)
) STRICT;
INSERT INTO "value" VALUES(1,'set','["clwb"]');
INSERT INTO "value" VALUES(2,'text','no');
INSERT INTO "value" VALUES(3,'text','AMD');
INSERT INTO "value" VALUES(4,'text','yes');
INSERT INTO "value" VALUES(5,'text','unknown');
INSERT INTO "value" VALUES(6,'support','yes');
INSERT INTO "value" VALUES(7,'set','["EPYC-Rome","kvm64"]');
INSERT INTO "value" VALUES(8,'text','require');
INSERT INTO "value" VALUES(9,'text','EPYC');
INSERT INTO "value" VALUES(10,'text','forbid');
INSERT INTO "value" VALUES(11,'set','["scsi","virtio"]');
INSERT INTO "value" VALUES(12,'support','no');
INSERT INTO "value" VALUES(13,'number','255');
INSERT INTO "value" VALUES(14,'number','288');
CREATE INDEX subtree_capability_value ON subtree_capability (path_id, value_id);
CREATE INDEX host_snapshot_change ON host_snapshot (host_id, taken_at) WHERE is_change = 1;
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
CREATE VIEW machine AS
SELECT lower(hex(s.hash)) AS snapshot,
       h.name AS host,
       m.emulator, m.arch, m.virttype, m.name AS machine, m.canonical, m.max_cpus, m.deprecated
FROM host_snapshot s
JOIN host h USING (host_id)
JOIN profile p USING (profile_id)
JOIN listed_machine m USING (machine_list_id);
CREATE INDEX host_snapshot_changed ON host_snapshot (taken_at, hash, profile_id, context_id, is_change)
WHERE is_change > 0;
CREATE INDEX host_group_of ON host_group (host_id);
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
COMMIT;
