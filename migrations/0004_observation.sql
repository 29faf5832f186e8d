-- A fact of the context, and what speaks against a body. Both are one column: no row's hash changes.

-- Physical address bits of the host's CPU. Contexts stored before have none: it was not read then.
ALTER TABLE context ADD COLUMN maxphysaddr TEXT;

DROP VIEW snapshot;
CREATE VIEW snapshot AS
SELECT lower(hex(s.hash)) AS snapshot,
       h.name AS host,
       strftime('%Y-%m-%dT%H:%M:%S', s.taken_at / 1000, 'unixepoch')
         || CASE WHEN s.taken_at % 1000 = 0 THEN '' ELSE printf('.%03d', s.taken_at % 1000) END
         || 'Z' AS taken_at,
       s.state,
       s.is_change,
       lower(hex(p.hash)) AS profile,
       c.libvirt, c.hypervisor, c.kernel, c.cpu, c.microcode, c.firmware, c.api_flags, c.uri,
       c.maxphysaddr
FROM host_snapshot s
JOIN host h USING (host_id)
JOIN profile p USING (profile_id)
JOIN context c USING (context_id);

-- Found when a body is read, and kept with it. Those that were stored before are judged here, by the
-- rules of that time: kvm64 is not usable; or the host-model disables far more than it requires.
ALTER TABLE body ADD COLUMN suspicion TEXT NOT NULL DEFAULT 'none';

UPDATE body SET suspicion = 'least-model-unusable' WHERE body_id IN (
  SELECT bs.body_id FROM body_subtree bs WHERE bs.subtree_id IN (
    SELECT sc.subtree_id FROM path p
    JOIN subtree_capability sc USING (path_id)
    JOIN value v USING (value_id)
    WHERE p.path = 'cpu.mode[custom].model[kvm64].usable' AND v.value = 'no'));

UPDATE body SET suspicion = 'features-disabled' WHERE body_id IN (
  SELECT bs.body_id FROM body_subtree bs
  JOIN (SELECT sc.subtree_id,
               sum(v.value = 'disable') AS disabled, sum(v.value = 'require') AS required
        FROM path p
        JOIN subtree_capability sc USING (path_id)
        JOIN value v USING (value_id)
        WHERE substr(p.path, 1, 20) = 'cpu.mode[host-model]' AND substr(p.path, -7) = '.policy'
        GROUP BY sc.subtree_id) f USING (subtree_id)
  GROUP BY bs.body_id
  HAVING sum(f.disabled) >= 16 AND sum(f.disabled) > 2 * sum(f.required));
