-- Plans over cells, and the grids that a publication puts in force.

-- name: ensure_network
-- The network of community grids; there from the first proposal on. Who goes is a matter of streets there.
INSERT INTO network (district_id, code, name, name_en, street_rule)
VALUES (%(district)s, %(network)s, %(name)s, %(name_en)s, 'duty')
ON CONFLICT (district_id, code) DO UPDATE SET code = EXCLUDED.code
RETURNING id

-- name: ensure_level
-- Its first level; it has the limits of the newest proposal that named any.
INSERT INTO network_level (network_id, level, division_level, code_profile, kind, target, minimum, maximum)
VALUES (%(network)s, 1, 'community', %(profile)s, 'basic', coalesce(%(target)s::int, 200),
        coalesce(%(minimum)s::int, 150), coalesce(%(maximum)s::int, 300))
ON CONFLICT (network_id, level) DO UPDATE
SET target = coalesce(%(target)s::int, network_level.target), minimum = coalesce(%(minimum)s::int, network_level.minimum),
    maximum = coalesce(%(maximum)s::int, network_level.maximum)

-- name: network_in_force
-- The network with the number of its newest publication in force or to come, and since when.
SELECT n.id, u.version, u.effective
FROM network n
LEFT JOIN LATERAL (
    SELECT p.version, p.effective FROM publication p
    WHERE p.network_id = n.id AND p.level = %(level)s ORDER BY p.version DESC LIMIT 1
) u ON true
WHERE n.district_id = %(district)s AND n.code = %(network)s

-- name: discard_drafts
-- A new proposal takes the place of the proposals before it; drafts begun on grids in force stay.
UPDATE plan SET status = 'discarded'
WHERE network_id = %(network)s AND level = %(level)s AND status = 'draft' AND base_version IS NULL

-- name: insert_plan
INSERT INTO plan (network_id, level, tessellation_id, status, as_of, base_version, created_at, settings, report)
VALUES (%(network)s, %(level)s, %(tessellation)s, 'draft', %(as_of)s, %(base)s, %(now)s, %(settings)s, %(report)s)
RETURNING id

-- name: insert_scope
-- The divisions a plan is for: those that its grids stay inside.
INSERT INTO plan_scope (plan_id, division_id)
SELECT DISTINCT a.id, CASE l.division_level WHEN d.level THEN d.id WHEN e.level THEN e.id WHEN f.level THEN f.id END
FROM plan a
JOIN network_level l ON l.network_id = a.network_id AND l.level = a.level
JOIN plan_cell p ON p.plan_id = a.id
JOIN cell c ON c.id = p.cell_id
JOIN division d ON d.id = c.community_id
LEFT JOIN division e ON e.id = d.parent_id
LEFT JOIN division f ON f.id = e.parent_id
WHERE a.id = %(plan)s

-- name: newest_draft
-- The newest proposal; drafts begun on grids in force are named by their number.
SELECT p.id FROM plan p JOIN network n ON n.id = p.network_id
WHERE n.district_id = %(district)s AND n.code = %(network)s AND p.level = %(level)s AND p.status = 'draft'
  AND p.base_version IS NULL
ORDER BY p.id DESC LIMIT 1

-- name: plan
-- A plan of a district, with its network and level, and what it was published as.
SELECT p.id, p.network_id, n.code AS network, p.level, p.status, p.as_of, p.base_version,
       p.settings || COALESCE(p.settings->'divided', '{}') AS settings, p.tessellation_id,
       p.report, u.codes, u.effective
FROM plan p
JOIN network n ON n.id = p.network_id
LEFT JOIN LATERAL (
    SELECT v.report->'codes' AS codes, v.effective FROM publication v
    WHERE v.plan_id = p.id AND v.withdrawn_at IS NULL ORDER BY v.version DESC LIMIT 1
) u ON true
WHERE p.id = %(plan)s AND n.district_id = %(district)s

-- name: plan_cells
SELECT cell_id, grid_code, base_code FROM plan_cell WHERE plan_id = %(plan)s ORDER BY cell_id

-- name: published_since
-- Communities of a plan's scope that end, or on whose ground another version than the one it was begun on is the newest.
WITH RECURSIVE kin (id, was) AS (
    SELECT division_id, division_id FROM plan_scope WHERE plan_id = %(plan)s
    UNION SELECT k.id, l.from_division FROM kin k JOIN division_lineage l ON l.to_division = k.was
)
SELECT d.code, s.base_version, n.version, upper(d.valid) AS ends
FROM plan_scope s
JOIN division d ON d.id = s.division_id
LEFT JOIN LATERAL (
    SELECT max(u.version) AS version
    FROM kin k JOIN plan_scope o ON o.division_id = k.was JOIN publication u ON u.plan_id = o.plan_id
    WHERE k.id = d.id AND u.network_id = %(network)s AND u.level = %(level)s AND u.withdrawn_at IS NULL
) n ON true
WHERE s.plan_id = %(plan)s AND (n.version IS DISTINCT FROM s.base_version OR NOT upper_inf(d.valid))
ORDER BY upper_inf(d.valid), n.version DESC NULLS LAST, d.code LIMIT 1

-- name: cells_replaced
-- A cell of a plan that ends, or never was one of its district: another network's publication replaced it, or brought it
-- and was withdrawn. What the plan itself brings does not count.
SELECT c.id FROM plan p JOIN plan_cell k ON k.plan_id = p.id JOIN cell c ON c.id = k.cell_id
WHERE p.id = %(plan)s AND NOT upper_inf(c.valid)
  AND NOT (isempty(c.valid) AND k.base_code IS NULL AND p.base_version IS NOT NULL)
ORDER BY c.id LIMIT 1

-- name: parts_by_cell
-- Municipal parts by the cell they lie in.
SELECT cell_id, count(*) FROM part WHERE district_id = %(district)s AND cell_id IS NOT NULL GROUP BY cell_id

-- name: insert_publication
INSERT INTO publication (network_id, level, version, plan_id, effective, published_at, published_by, checks, report)
SELECT %(network)s, %(level)s, coalesce(max(version), 0) + 1, %(plan)s, %(effective)s, %(now)s, %(by)s, %(checks)s, %(report)s
FROM publication WHERE network_id = %(network)s AND level = %(level)s
RETURNING id, version

-- name: reserve_grid_ids
-- Numbers for grids that are about to be copied.
SELECT nextval('grid_id_seq') FROM generate_series(1, %(n)s)

-- name: scope
-- The communities of a plan by code.
SELECT d.code, d.id FROM plan_scope s JOIN division d ON d.id = s.division_id WHERE s.plan_id = %(plan)s

-- name: insert_memberships
-- Every cell belongs to its grid from the grid's beginning on; keys and grids are those that got a new version.
-- Grid by grid: a GiST index (the exclusion constraint) that only ever gets the next higher cell grows slower by half.
INSERT INTO grid_cell (network_id, level, cell_id, grid_id, valid)
SELECT %(network)s, %(level)s, p.cell_id, k.grid, tstzrange(%(effective)s, NULL)
FROM plan_cell p JOIN unnest(%(keys)s::text[], %(grids)s::bigint[]) AS k (key, grid) ON k.key = p.grid_code
WHERE p.plan_id = %(plan)s
ORDER BY k.grid, p.cell_id

-- name: set_status
UPDATE plan SET status = %(status)s WHERE id = %(plan)s
