-- Divisions over time: a row holds from the beginning to the end of its `valid`; the newest one of a code has no end.

-- name: newest
-- Divisions that have no end, with the code of their parent.
SELECT d.id, d.level, d.code, d.name, d.name_en, d.parent_id, p.code AS parent_code, d.properties,
       lower(d.valid) AS since, ST_AsBinary(d.geom) AS wkb
FROM division d LEFT JOIN division p ON p.id = d.parent_id
WHERE d.district_id = %(district)s AND upper_inf(d.valid)
ORDER BY d.code

-- name: close
-- Divisions end; who succeeds each.
UPDATE division d SET valid = d.valid * tstzrange(NULL, %(effective)s), successor = s.successor
FROM unnest(%(divisions)s::bigint[], %(successors)s::text[]) AS s (id, successor)
WHERE d.id = s.id

-- name: open
-- What was staged begins.
INSERT INTO division (district_id, level, code, name, name_en, properties, geom, valid)
SELECT %(district)s, s.level, s.code, s.name, s.name_en, COALESCE(s.properties, '{}'), ST_Multi(s.geom),
       tstzrange(%(effective)s, NULL)
FROM staged s
ORDER BY s.code
RETURNING id, level, code

-- name: rename
-- What a division is called does not make it another one.
UPDATE division d SET name = s.name, name_en = s.name_en, properties = COALESCE(s.properties, '{}')
FROM staged s
WHERE d.district_id = %(district)s AND d.level = s.level AND d.code = s.code AND upper_inf(d.valid)
  AND (d.name, d.name_en, d.properties) IS DISTINCT FROM (s.name, s.name_en, COALESCE(s.properties, '{}'))

-- name: insert_lineage
INSERT INTO division_lineage (from_division, to_division, area_share, household_share)
VALUES (%(from)s, %(to)s, %(area)s, %(households)s)

-- name: cells_on
-- Cells on divisions that are, or will be, cells of the district from a moment on, with their building there.
SELECT c.id, c.community_id, ST_AsBinary(c.geom) AS wkb, ST_AsBinary(b.geom) AS building
FROM cell c
LEFT JOIN building b ON b.id = c.building_id AND b.valid @> %(effective)s
WHERE c.community_id = ANY(%(divisions)s) AND c.valid && tstzrange(%(effective)s, NULL)
ORDER BY c.id

-- name: create_moved
CREATE TEMP TABLE moved_cell (cell_id bigint PRIMARY KEY, community_id bigint NOT NULL) ON COMMIT DROP

-- name: drop_moved
DROP TABLE IF EXISTS pg_temp.moved_cell

-- name: keep_communities
-- The community that a cell lies in until a moment.
INSERT INTO cell_community (cell_id, community_id, valid)
SELECT c.id, c.community_id,
       tstzrange((SELECT max(upper(h.valid)) FROM cell_community h WHERE h.cell_id = c.id), %(effective)s)
FROM moved_cell m JOIN cell c ON c.id = m.cell_id

-- name: set_communities
UPDATE cell c SET community_id = m.community_id FROM moved_cell m WHERE c.id = m.cell_id

-- name: communities_at
-- Communities valid at a moment.
SELECT d.id, d.code, d.name, d.parent_id, ST_AsBinary(d.geom) AS wkb
FROM division d
WHERE d.district_id = %(district)s AND d.level = 'community' AND d.valid @> %(at)s
ORDER BY d.code

-- name: community_of_cells
-- The community each cell lies in at a moment.
SELECT c.id AS cell_id, d.id AS community_id, d.code
FROM cell c
LEFT JOIN cell_community h ON h.cell_id = c.id AND h.valid @> %(at)s
JOIN division d ON d.id = COALESCE(h.community_id, c.community_id)
WHERE c.id = ANY(%(cells)s)
ORDER BY c.id
