-- From an approved plan to grids in force, and back while they are not.

-- name: scope_last
-- The last publication on the ground of a plan's communities.
WITH RECURSIVE kin (was) AS (
    SELECT division_id FROM plan_scope WHERE plan_id = %(plan)s
    UNION SELECT l.from_division FROM kin k JOIN division_lineage l ON l.to_division = k.was
)
SELECT u.version, u.effective
FROM publication u JOIN plan_scope o ON o.plan_id = u.plan_id
WHERE o.division_id IN (SELECT was FROM kin)
  AND u.network_id = %(network)s AND u.level = %(level)s AND u.withdrawn_at IS NULL
ORDER BY u.effective DESC, u.version DESC LIMIT 1

-- name: scope_since
-- Since when all communities and cells of a plan are as it has them; null for always. Cells it brings begin with it.
SELECT greatest(
    (SELECT max(lower(d.valid)) FROM plan_scope s JOIN division d ON d.id = s.division_id WHERE s.plan_id = %(plan)s),
    (SELECT max(lower(c.valid)) FROM plan_cell p JOIN cell c ON c.id = p.cell_id WHERE p.plan_id = %(plan)s))

-- name: next_levels_since
-- When the last of the grids of the next levels, up and down, begins in which the cells of a plan lie from the last
-- publication on: the plan was checked against them.
SELECT max(lower(m.valid)) FROM plan_cell p
JOIN grid_cell m ON m.cell_id = p.cell_id AND m.network_id = %(network)s
     AND m.level IN (%(level)s - 1, %(level)s + 1) AND upper_inf(m.valid)
WHERE p.plan_id = %(plan)s
  AND EXISTS (SELECT FROM network_level l WHERE l.network_id = %(network)s AND l.level IN (%(level)s - 1, %(level)s + 1))

-- name: nested_later
-- A later publication of the next level up or down on the cells of a plan, that was not carried over with this one.
SELECT u.level, u.version FROM publication u
WHERE u.network_id = %(network)s AND u.level IN (%(level)s - 1, %(level)s + 1) AND u.withdrawn_at IS NULL
  AND u.id > %(publication)s AND u.report->>'carried_with' IS DISTINCT FROM %(publication)s::text
  AND EXISTS (SELECT FROM plan_cell a JOIN plan_cell b ON b.cell_id = a.cell_id
              WHERE a.plan_id = u.plan_id AND b.plan_id = %(plan)s)
ORDER BY u.id DESC LIMIT 1

-- name: old_grids
-- Grids on the ground of a plan's communities from the last publication on.
SELECT DISTINCT g.id, g.code
FROM plan_scope s
JOIN division v ON v.level = 'community'
LEFT JOIN division e ON e.id = v.parent_id
JOIN cell c ON c.community_id = v.id AND s.division_id IN (v.id, v.parent_id, e.parent_id)
JOIN grid_cell m ON m.cell_id = c.id AND m.network_id = %(network)s AND m.level = %(level)s AND upper_inf(m.valid)
JOIN grid g ON g.id = m.grid_id
WHERE s.plan_id = %(plan)s
ORDER BY g.code

-- name: described
-- What grids are called, by code.
SELECT code, name, kind FROM grid WHERE id = ANY(%(grids)s) ORDER BY code

-- name: grids_beside
-- Colours of the grids that stay, in a box of degrees.
SELECT g.colour, ST_AsBinary(g.geom) AS wkb FROM grid g
WHERE g.network_id = %(network)s AND g.level = %(level)s AND upper_inf(g.valid) AND g.id <> ALL(%(closed)s::bigint[])
  AND g.geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4490)
ORDER BY g.id

-- name: close_grids
-- Grids end.
UPDATE grid SET valid = valid * tstzrange(NULL, %(effective)s) WHERE id = ANY(%(grids)s)

-- name: close_memberships
UPDATE grid_cell SET valid = valid * tstzrange(NULL, %(effective)s)
WHERE grid_id = ANY(%(grids)s) AND upper_inf(valid)

-- name: postings
-- Who is posted to grids from a moment on.
SELECT p.id, p.worker_id, p.grid_id, p.role, w.code, w.name, g.code AS grid_code
FROM posting p JOIN grid_worker w ON w.id = p.worker_id JOIN grid g ON g.id = p.grid_id
WHERE p.grid_id = ANY(%(grids)s) AND p.valid && tstzrange(%(effective)s, NULL)
ORDER BY w.code

-- name: close_postings
UPDATE posting SET valid = valid * tstzrange(NULL, %(effective)s)
WHERE grid_id = ANY(%(grids)s) AND valid && tstzrange(%(effective)s, NULL)

-- name: later_version
-- A later publication in a plan's communities, or what became of them, that stands.
WITH RECURSIVE kin (id) AS (
    SELECT division_id FROM plan_scope WHERE plan_id = %(plan)s
    UNION SELECT l.to_division FROM kin k JOIN division_lineage l ON l.from_division = k.id
)
SELECT u.version
FROM publication u JOIN plan_scope o ON o.plan_id = u.plan_id
WHERE o.division_id IN (SELECT id FROM kin)
  AND u.network_id = %(network)s AND u.level = %(level)s AND u.withdrawn_at IS NULL AND u.version > %(version)s
ORDER BY u.version DESC LIMIT 1

-- name: withdraw_publication
UPDATE publication SET withdrawn_at = %(now)s WHERE id = %(publication)s

-- name: empty_memberships
-- What was never in force is valid at no time; the rows stay.
UPDATE grid_cell m SET valid = 'empty' FROM grid g WHERE g.id = m.grid_id AND g.publication_id = %(publication)s

-- name: empty_postings
UPDATE posting p SET valid = 'empty' FROM grid g WHERE g.id = p.grid_id AND g.publication_id = %(publication)s

-- name: empty_grids
UPDATE grid SET valid = 'empty' WHERE publication_id = %(publication)s

-- name: replaced_grids
-- The grids that a publication was to replace.
SELECT DISTINCT l.from_grid FROM grid_lineage l JOIN grid g ON g.id = l.to_grid
WHERE g.publication_id = %(publication)s

-- name: reopen_grids
UPDATE grid SET valid = tstzrange(lower(valid), NULL) WHERE id = ANY(%(grids)s)

-- name: reopen_memberships
UPDATE grid_cell SET valid = tstzrange(lower(valid), NULL)
WHERE grid_id = ANY(%(grids)s) AND upper(valid) = %(effective)s

-- name: reopen_postings
UPDATE posting SET valid = tstzrange(lower(valid), NULL) WHERE grid_id = ANY(%(grids)s) AND upper(valid) = %(effective)s

-- name: network_cells
-- All cells of a network with their grids from the last publication on.
SELECT m.cell_id, g.code AS grid_code
FROM grid_cell m JOIN grid g ON g.id = m.grid_id
WHERE m.network_id = %(network)s AND m.level = %(level)s AND upper_inf(m.valid)
ORDER BY m.cell_id

-- name: insert_posting
-- A worker answers for the grid that keeps the code.
INSERT INTO posting (worker_id, grid_id, role, valid)
VALUES (%(worker)s, %(grid)s, %(role)s, tstzrange(%(effective)s, NULL))

-- name: insert_grids
-- The grids that a plan opens, as they were prepared, with their numbers.
INSERT INTO grid (id, network_id, level, code, kind, name, division_id, publication_id, origin, flags, colour, area_m2,
                  geom, valid)
SELECT k.grid, %(network)s, %(level)s, p.code, p.kind, p.name, p.division_id, %(publication)s, %(origin)s, p.flags,
       p.colour, p.area_m2, p.geom, tstzrange(%(effective)s, NULL)
FROM plan_grid p JOIN unnest(%(keys)s::text[], %(grids)s::bigint[]) AS k (key, grid) ON k.key = p.key
WHERE p.plan_id = %(plan)s
ORDER BY k.grid

-- name: insert_lineage
-- Where households and ground of the grids that end went.
INSERT INTO grid_lineage (from_grid, to_grid, household_share, area_share)
SELECT l.from_grid, k.grid, l.household_share, l.area_share
FROM jsonb_to_recordset((SELECT lineage FROM plan_check WHERE plan_id = %(plan)s))
     AS l (from_grid bigint, code text, household_share float8, area_share float8)
JOIN unnest(%(codes)s::text[], %(grids)s::bigint[]) AS k (code, grid) ON k.code = l.code

-- name: replaced_cells
-- Cells that a draft began with and does not hold any more.
SELECT DISTINCT n.cell::bigint
FROM plan_operation o
CROSS JOIN LATERAL jsonb_each(o.payload->'was') w (key, cells)
CROSS JOIN LATERAL jsonb_array_elements_text(w.cells) n (cell)
WHERE o.plan_id = %(plan)s AND o.kind IN ('renew', 'split')
  AND NOT EXISTS (SELECT FROM plan_cell p WHERE p.plan_id = %(plan)s AND p.cell_id = n.cell::bigint)
ORDER BY 1

-- name: same_network
-- Whether a plan holds all cells that its network has grids on, and no building begins or ends from the moment its
-- measures are of until it takes effect: then they are those of the network.
SELECT NOT EXISTS (
    SELECT cell_id FROM grid_cell WHERE network_id = %(network)s AND level = %(level)s AND upper_inf(valid)
    EXCEPT SELECT cell_id FROM plan_cell WHERE plan_id = %(plan)s
) AND NOT EXISTS (
    SELECT FROM building
    WHERE district_id = %(district)s AND NOT lower_inf(valid) AND lower(valid) > %(at)s AND lower(valid) <= %(effective)s
) AND NOT EXISTS (
    SELECT FROM building
    WHERE district_id = %(district)s AND NOT upper_inf(valid) AND upper(valid) > %(at)s AND upper(valid) <= %(effective)s
)
