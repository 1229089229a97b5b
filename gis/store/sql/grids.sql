-- Grids that were in force before there was a Gridkeeper.

-- name: divisions
-- Communities with the division of a level that each lies in, and since when both are as they are.
WITH RECURSIVE up AS (
    SELECT d.id AS community, d.id, d.level, d.code, d.parent_id, lower(d.valid) AS since
    FROM division d WHERE d.district_id = %(district)s AND d.code = ANY(%(codes)s) AND d.level = 'community'
      AND upper_inf(d.valid)
    UNION ALL
    SELECT u.community, p.id, p.level, p.code, p.parent_id, greatest(u.since, lower(p.valid))
    FROM up u JOIN division p ON p.id = u.parent_id
)
SELECT c.code AS community, c.id AS community_id, u.code AS division, u.id AS division_id, u.since
FROM division c LEFT JOIN up u ON u.community = c.id AND u.level = %(division_level)s
WHERE c.id IN (SELECT community FROM up)
ORDER BY c.code

-- name: period
-- From when on all of some cells are there, and up to when.
SELECT max(lower(valid)), min(upper(valid)) FROM cell WHERE id = ANY(%(cells)s::bigint[])

-- name: cells_of_plan_since
-- The latest beginning of the cells of a plan.
SELECT max(lower(c.valid)) FROM plan_cell p JOIN cell c ON c.id = p.cell_id WHERE p.plan_id = %(plan)s

-- name: present
-- Cells of communities that have a grid from the last publication on, or will have one.
SELECT m.cell_id, g.code, d.code AS community
FROM grid_cell m
JOIN grid g ON g.id = m.grid_id
JOIN cell c ON c.id = m.cell_id
JOIN division d ON d.id = c.community_id
WHERE m.network_id = %(network)s AND m.level = %(level)s AND d.id = ANY(%(communities)s) AND upper_inf(m.valid)
ORDER BY m.cell_id

-- name: ever
-- A community in which grids were in force once.
SELECT d.code FROM grid_cell m JOIN cell c ON c.id = m.cell_id JOIN division d ON d.id = c.community_id
WHERE m.network_id = %(network)s AND m.level = %(level)s AND d.id = ANY(%(communities)s) AND NOT isempty(m.valid)
ORDER BY d.code LIMIT 1

-- name: insert_plan
-- The plan of an import: nobody drew it here, it is published as it came.
INSERT INTO plan (network_id, level, tessellation_id, status, as_of, base_version, created_at, settings, report, title,
                  created_by)
VALUES (%(network)s, %(level)s, %(tessellation)s, 'published', %(as_of)s, NULL, %(now)s, %(settings)s, %(report)s,
        %(title)s, %(by)s)
RETURNING id

-- name: open_plan
-- A plan in the making that stands on cells.
SELECT p.id, p.status, n.code FROM plan p JOIN network n ON n.id = p.network_id
WHERE p.status IN ('draft', 'submitted', 'approved')
  AND EXISTS (SELECT FROM plan_cell c WHERE c.plan_id = p.id AND c.cell_id = ANY(%(gone)s::bigint[]))
ORDER BY p.id LIMIT 1

-- name: derived_since
-- When some cells, or what lies in them, last became what they are.
SELECT max(v) FROM (
    SELECT lower(valid) AS v FROM cell WHERE id = ANY(%(gone)s::bigint[])
    UNION ALL SELECT upper(valid) FROM part_cell WHERE cell_id = ANY(%(gone)s::bigint[])
    UNION ALL SELECT upper(valid) FROM event_cell WHERE cell_id = ANY(%(gone)s::bigint[])
    UNION ALL SELECT upper(valid) FROM cell_community WHERE cell_id = ANY(%(gone)s::bigint[])
) h

-- name: copy_memberships
-- Children belong to the grids of their parent, of every network, from a moment on.
INSERT INTO grid_cell (network_id, level, cell_id, grid_id, valid)
SELECT m.network_id, m.level, l.to_cell, m.grid_id, m.valid * tstzrange(%(effective)s, NULL)
FROM grid_cell m JOIN (
    SELECT DISTINCT ON (k.to_cell) k.to_cell, k.from_cell FROM cell_lineage k
    WHERE k.to_cell = ANY(%(made)s::bigint[]) AND k.from_cell = ANY(%(gone)s::bigint[])
    ORDER BY k.to_cell, k.area_share * (SELECT area_m2 FROM cell c WHERE c.id = k.from_cell) DESC
) l ON l.from_cell = m.cell_id
WHERE m.cell_id = ANY(%(gone)s::bigint[]) AND m.valid && tstzrange(%(effective)s, NULL)

-- name: end_memberships
UPDATE grid_cell SET valid = valid * tstzrange(NULL, %(effective)s)
WHERE cell_id = ANY(%(gone)s::bigint[]) AND valid && tstzrange(%(effective)s, NULL)

-- name: begin_children
UPDATE cell SET valid = tstzrange(%(effective)s, NULL) WHERE id = ANY(%(made)s::bigint[])

-- name: end_parents
UPDATE cell SET valid = valid * tstzrange(NULL, %(effective)s) WHERE id = ANY(%(gone)s::bigint[])
