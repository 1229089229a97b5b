-- Cells that end and begin with a publication, and the grids of other networks that go on with them.

-- name: begin_cells
UPDATE cell SET valid = tstzrange(%(effective)s, NULL) WHERE id = ANY(%(made)s::bigint[])

-- name: end_cells
UPDATE cell SET valid = valid * tstzrange(NULL, %(effective)s) WHERE id = ANY(%(gone)s::bigint[])

-- name: empty_cells
-- What was never among the cells in force is so at no time.
UPDATE cell SET valid = 'empty' WHERE id = ANY(%(made)s::bigint[])

-- name: reopen_cells
UPDATE cell SET valid = tstzrange(lower(valid), NULL)
WHERE id = ANY(%(gone)s::bigint[]) AND upper(valid) = %(effective)s

-- name: insert_lineage
INSERT INTO cell_lineage (from_cell, to_cell, area_share)
SELECT * FROM unnest(%(from)s::bigint[], %(to)s::bigint[], %(share)s::float8[])
ON CONFLICT (from_cell, to_cell) DO NOTHING

-- name: made
-- Cells of a plan that it did not begin with.
SELECT cell_id FROM plan_cell WHERE plan_id = %(plan)s AND base_code IS NULL ORDER BY cell_id

-- name: other_levels
-- Other levels of networks that have grids on cells, with what their grids should have.
SELECT n.id, n.code, l.level, l.kind, l.target, l.minimum, l.maximum
FROM network_level l JOIN network n ON n.id = l.network_id
WHERE (n.id, l.level) <> (%(network)s, %(level)s)
  AND EXISTS (SELECT FROM grid_cell m WHERE m.network_id = n.id AND m.level = l.level
              AND m.cell_id = ANY(%(gone)s::bigint[]) AND upper_inf(m.valid))
ORDER BY n.id, l.level

-- name: begins_later
-- A version of another network that takes effect on cells at or after a moment.
SELECT n.code, u.version, lower(m.valid)
FROM grid_cell m
JOIN grid g ON g.id = m.grid_id
JOIN publication u ON u.id = g.publication_id
JOIN network n ON n.id = m.network_id
WHERE m.cell_id = ANY(%(gone)s::bigint[]) AND upper_inf(m.valid) AND lower(m.valid) >= %(effective)s
  AND (m.network_id, m.level) <> (%(network)s, %(level)s)
ORDER BY lower(m.valid) DESC, n.code LIMIT 1

-- name: members
-- Cells of the grids that have some cells, from the last publication on.
SELECT m.cell_id, m.grid_id, c.community_id
FROM grid_cell m JOIN cell c ON c.id = m.cell_id
WHERE upper_inf(m.valid) AND m.grid_id IN (
    SELECT k.grid_id FROM grid_cell k
    WHERE k.network_id = %(network)s AND k.level = %(level)s AND k.cell_id = ANY(%(gone)s::bigint[]) AND upper_inf(k.valid))
ORDER BY m.cell_id

-- name: grids
SELECT g.id, g.code, g.kind, g.name, g.division_id, g.flags, g.colour, ST_AsBinary(g.geom) AS wkb
FROM grid g WHERE g.id = ANY(%(grids)s::bigint[]) ORDER BY g.code

-- name: newest_versions
-- The newest version of a level in divisions.
SELECT c.id, max(u.version)
FROM unnest(%(divisions)s::bigint[]) AS c (id)
LEFT JOIN (cell k JOIN division d ON d.id = k.community_id LEFT JOIN division e ON e.id = d.parent_id
           JOIN grid_cell m ON m.cell_id = k.id AND m.network_id = %(network)s AND m.level = %(level)s
           JOIN grid g ON g.id = m.grid_id JOIN publication u ON u.id = g.publication_id AND u.withdrawn_at IS NULL)
       ON c.id IN (d.id, d.parent_id, e.parent_id)
GROUP BY c.id ORDER BY c.id

-- name: end_memberships
-- Cells that end leave their grids of a level.
UPDATE grid_cell SET valid = valid * tstzrange(NULL, %(effective)s)
WHERE cell_id = ANY(%(gone)s::bigint[]) AND upper_inf(valid) AND network_id = %(network)s AND level = %(level)s

-- name: insert_memberships
INSERT INTO grid_cell (network_id, level, cell_id, grid_id, valid)
SELECT %(network)s, %(level)s, s.cell, s.grid, tstzrange(%(effective)s, NULL)
FROM unnest(%(cells)s::bigint[], %(grids)s::bigint[]) AS s (cell, grid)

-- name: carried
-- Publications of other networks that were made with one.
SELECT u.id, u.plan_id, n.code, u.network_id, u.level, u.version, u.effective
FROM publication u JOIN network n ON n.id = u.network_id
WHERE u.report->>'carried_with' = %(publication)s::text AND u.withdrawn_at IS NULL
ORDER BY u.id

-- name: stands_on
-- A later publication that gives cells to its grids and was not carried over with one; where it was carried over with
-- another, that other.
SELECT n.code, coalesce(w.version, u.version)
FROM grid_cell m JOIN grid g ON g.id = m.grid_id JOIN publication u ON u.id = g.publication_id
LEFT JOIN publication w ON w.id = (u.report->>'carried_with')::bigint
JOIN network n ON n.id = coalesce(w.network_id, u.network_id)
WHERE m.cell_id = ANY(%(made)s::bigint[]) AND NOT isempty(m.valid) AND u.id > %(publication)s
  AND u.withdrawn_at IS NULL AND w.id IS DISTINCT FROM %(publication)s
ORDER BY u.id DESC LIMIT 1

-- name: empty_memberships
UPDATE grid_cell SET valid = 'empty' WHERE cell_id = ANY(%(made)s::bigint[])

-- name: reopen_memberships
UPDATE grid_cell SET valid = tstzrange(lower(valid), NULL)
WHERE cell_id = ANY(%(gone)s::bigint[]) AND upper(valid) = %(effective)s

-- name: divisions
-- Divisions that grids of a level stay inside and cells lie in, with the newest making of the cells.
SELECT DISTINCT CASE l.division_level WHEN d.level THEN d.id WHEN e.level THEN e.id WHEN f.level THEN f.id END,
       (SELECT max(k.tessellation_id) FROM cell k WHERE k.id = ANY(%(cells)s::bigint[]))
FROM cell c
JOIN network_level l ON l.network_id = %(network)s AND l.level = %(level)s
JOIN division d ON d.id = c.community_id
LEFT JOIN division e ON e.id = d.parent_id
LEFT JOIN division f ON f.id = e.parent_id
WHERE c.id = ANY(%(cells)s::bigint[])
ORDER BY 1
