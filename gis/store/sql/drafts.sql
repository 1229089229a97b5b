-- Drafts begun on grids in force: what they were begun on, their edits, their steps.
-- `kin` tells which divisions the ground of a division belonged to: itself, and those that were split, merged or changed.

-- name: persons
-- Names to choose from, in the order they came.
SELECT id, name FROM person ORDER BY id

-- name: insert_person
INSERT INTO person (name, created_at) VALUES (%(name)s, %(now)s) ON CONFLICT (name) DO NOTHING

-- name: person
-- A person by name.
SELECT id, name FROM person WHERE name = %(name)s

-- name: lock_plan
-- One edit or step of a plan at a time, until the end of the transaction; ground_change is told the district.
SELECT p.id, set_config('gridkeeper.district', n.district_id::text, true) FROM plan p JOIN network n ON n.id = p.network_id
WHERE p.id = %(plan)s AND n.district_id = %(district)s FOR NO KEY UPDATE OF p

-- name: lives
-- The plans of a network level (or one plan of the district) with all that is known of their lives, the newest first.
WITH RECURSIVE kin (id, was) AS (
    SELECT id, id FROM division WHERE district_id = %(district)s AND upper_inf(valid)
    UNION SELECT k.id, l.from_division FROM kin k JOIN division_lineage l ON l.to_division = k.was
)
SELECT p.id, p.title, p.status, p.base_version, p.created_by, p.created_at, p.as_of,
       p.settings || COALESCE(p.settings->'divided', '{}') AS settings, p.tessellation_id,
       p.network_id, n.code AS network, p.level, y.division_level, y.code_profile,
       p.report->'measures' AS measures, p.report->'checks' AS checks,
       u.id AS publication_id, u.version, u.effective, u.published_by, u.report AS published,
       s.person AS submitted_by, COALESCE(s.verified, false) AS submitted_verified, a.person AS approved_by,
       COALESCE((SELECT max(o.revision) FROM plan_operation o WHERE o.plan_id = p.id), 0) AS revision,
       NOT EXISTS (
           SELECT FROM plan_scope c JOIN kin h ON h.was = c.division_id
           WHERE c.plan_id = p.id AND NOT EXISTS (
               SELECT FROM publication v JOIN plan_scope w ON w.plan_id = v.plan_id
               JOIN kin a ON a.was = w.division_id AND a.id = h.id
               WHERE v.network_id = p.network_id AND v.level = p.level
                 AND v.withdrawn_at IS NULL AND v.effective <= %(now)s AND v.version > u.version)
       ) AS replaced
FROM plan p
JOIN network n ON n.id = p.network_id
JOIN network_level y ON y.network_id = p.network_id AND y.level = p.level
LEFT JOIN LATERAL (
    SELECT * FROM publication v WHERE v.plan_id = p.id AND v.withdrawn_at IS NULL ORDER BY v.version DESC LIMIT 1
) u ON true
LEFT JOIN LATERAL (
    SELECT person, verified FROM plan_step t WHERE t.plan_id = p.id AND t.name = 'submit' ORDER BY t.id DESC LIMIT 1
) s ON true
LEFT JOIN LATERAL (
    SELECT person FROM plan_step t WHERE t.plan_id = p.id AND t.name = 'approve' ORDER BY t.id DESC LIMIT 1
) a ON true
WHERE n.district_id = %(district)s
  AND (p.id = %(plan)s OR (%(plan)s::bigint IS NULL AND n.code = %(network)s AND p.level = %(level)s))
ORDER BY p.id DESC

-- name: scopes
-- The communities of plans.
SELECT s.plan_id, d.code, d.name FROM plan_scope s JOIN division d ON d.id = s.division_id
WHERE s.plan_id = ANY(%(plans)s) ORDER BY s.plan_id, d.code

-- name: steps
-- The steps of a plan's life, in their order.
SELECT name, person, verified, at, reason FROM plan_step WHERE plan_id = %(plan)s ORDER BY id

-- name: insert_step
INSERT INTO plan_step (plan_id, name, person, verified, at, reason)
VALUES (%(plan)s, %(name)s, %(person)s, %(verified)s, %(now)s, %(reason)s)

-- name: set_report
-- What was computed of a plan: measures and checks.
UPDATE plan SET report = report || %(report)s::jsonb WHERE id = %(plan)s

-- name: communities
-- Divisions of a level by their codes, as they are or will be, with the newest version published on the ground of each and
-- whether it has grids.
WITH RECURSIVE kin (id, was) AS (
    SELECT id, id FROM division WHERE district_id = %(district)s AND upper_inf(valid) AND code = ANY(%(codes)s)
    UNION SELECT k.id, l.from_division FROM kin k JOIN division_lineage l ON l.to_division = k.was
)
SELECT d.id, d.code, d.name,
       (SELECT max(u.version) FROM kin k
        JOIN plan_scope o ON o.division_id = k.was
        JOIN publication u ON u.plan_id = o.plan_id
        WHERE k.id = d.id AND u.network_id = %(network)s AND u.level = %(level)s AND u.withdrawn_at IS NULL) AS version,
       EXISTS (SELECT FROM division v LEFT JOIN division e ON e.id = v.parent_id
               JOIN cell c ON c.community_id = v.id JOIN grid_cell m ON m.cell_id = c.id
               WHERE d.id IN (v.id, v.parent_id, e.parent_id) AND m.network_id = %(network)s AND m.level = %(level)s
                 AND upper_inf(m.valid)) AS has_grids
FROM division d
WHERE d.district_id = %(district)s AND d.level = %(division_level)s AND upper_inf(d.valid) AND d.code = ANY(%(codes)s)
ORDER BY d.code

-- name: network
-- The network with what its grids should have.
SELECT n.id, l.target, l.minimum, l.maximum
FROM network n JOIN network_level l ON l.network_id = n.id AND l.level = %(level)s
WHERE n.district_id = %(district)s AND n.code = %(network)s

-- name: base_cells
-- Cells of communities with the grid each belongs to from the last publication on ('' where an import left it without
-- one), and the division it stays inside.
SELECT c.id AS cell_id, coalesce(g.code, '') AS grid_code, c.tessellation_id,
       CASE l.division_level WHEN d.level THEN d.code WHEN e.level THEN e.code WHEN f.level THEN f.code END AS community
FROM cell c
JOIN network_level l ON l.network_id = %(network)s AND l.level = %(level)s
JOIN division d ON d.id = c.community_id
LEFT JOIN division e ON e.id = d.parent_id
LEFT JOIN division f ON f.id = e.parent_id
LEFT JOIN grid_cell m ON m.cell_id = c.id AND m.network_id = %(network)s AND m.level = %(level)s AND upper_inf(m.valid)
LEFT JOIN grid g ON g.id = m.grid_id
WHERE c.community_id = ANY(%(communities)s) AND (m.id IS NOT NULL OR upper_inf(c.valid))
ORDER BY c.id

-- name: grids_shared
-- A grid of communities that stands in another one too, with the code of that one.
SELECT g.code, d.code
FROM grid_cell m
JOIN grid_cell o ON o.grid_id = m.grid_id AND upper_inf(o.valid)
JOIN grid g ON g.id = m.grid_id
JOIN cell c ON c.id = o.cell_id
JOIN division d ON d.id = c.community_id
WHERE m.cell_id IN (SELECT id FROM cell WHERE community_id = ANY(%(communities)s))
  AND m.network_id = %(network)s AND m.level = %(level)s AND upper_inf(m.valid)
  AND NOT c.community_id = ANY(%(communities)s)
ORDER BY g.code, d.code LIMIT 1

-- name: base_links
-- Pairs of cells that the plans before held connected, for communities.
SELECT DISTINCT (k->>0)::bigint, (k->>1)::bigint
FROM plan p
JOIN publication u ON u.plan_id = p.id AND u.withdrawn_at IS NULL
CROSS JOIN LATERAL jsonb_array_elements(p.report->'links') k
JOIN cell c ON c.id = (k->>0)::bigint
WHERE p.network_id = %(network)s AND p.level = %(level)s AND c.community_id = ANY(%(communities)s)
ORDER BY 1, 2

-- name: base_kept
-- What the plans that a draft begins on keep whole: one row where they agree, null for nothing.
SELECT DISTINCT NULLIF((p.settings || COALESCE(p.settings->'divided', '{}'))->>'keep_whole', '')
FROM publication u
JOIN plan p ON p.id = u.plan_id
WHERE u.network_id = %(network)s AND u.level = %(level)s AND u.version = ANY(%(versions)s)

-- name: insert_draft
INSERT INTO plan (network_id, level, tessellation_id, status, as_of, base_version, created_at, settings, report,
                  title, created_by)
VALUES (%(network)s, %(level)s, %(tessellation)s, 'draft', %(as_of)s, %(base)s, %(now)s, %(settings)s, %(report)s,
        %(title)s, %(by)s)
RETURNING id

-- name: insert_scope
-- The communities of a draft with the version it was begun on in each.
INSERT INTO plan_scope (plan_id, division_id, base_version)
SELECT %(plan)s, s.division, s.version FROM unnest(%(divisions)s::bigint[], %(versions)s::int[]) AS s (division, version)

-- name: assignment
-- Cells of a plan with their grids, when it was begun (null for cells that came later) and now (empty for cells that
-- others took the place of), and the division of its scope that each lies in, or last lay in.
WITH held AS (
    SELECT cell_id, base_code, grid_code FROM plan_cell WHERE plan_id = %(plan)s
), replaced AS (
    SELECT n.cell::bigint AS cell_id, w.key AS base_code
    FROM plan_operation o
    CROSS JOIN LATERAL jsonb_each(o.payload->'was') w (key, cells)
    CROSS JOIN LATERAL jsonb_array_elements_text(w.cells) n (cell)
    WHERE o.plan_id = %(plan)s AND o.kind IN ('renew', 'split')
), all_cells AS (
    SELECT * FROM held
    UNION ALL
    (SELECT DISTINCT r.cell_id, r.base_code, '' FROM replaced r WHERE r.cell_id NOT IN (SELECT cell_id FROM held))
), ground AS (  -- what lies in a division of the scope
    SELECT v.id, s.division_id
    FROM division v
    LEFT JOIN division e ON e.id = v.parent_id
    JOIN plan_scope s ON s.plan_id = %(plan)s AND s.division_id IN (v.id, v.parent_id, e.parent_id)
), before AS (
    SELECT DISTINCT ON (h.cell_id) h.cell_id, g.division_id
    FROM cell_community h JOIN ground g ON g.id = h.community_id
    ORDER BY h.cell_id, upper(h.valid) DESC NULLS LAST
)
SELECT a.cell_id, d.code AS community, a.base_code, a.grid_code
FROM all_cells a
JOIN cell c ON c.id = a.cell_id
LEFT JOIN ground g ON g.id = c.community_id
LEFT JOIN before b ON b.cell_id = c.id
JOIN division d ON d.id = COALESCE(g.division_id, b.division_id, c.community_id)
ORDER BY a.cell_id

-- name: operations
-- The edits of a plan in their order.
SELECT revision, kind, payload FROM plan_operation WHERE plan_id = %(plan)s ORDER BY revision

-- name: insert_operation
INSERT INTO plan_operation (plan_id, revision, kind, payload, person, verified, at)
VALUES (%(plan)s, %(revision)s, %(kind)s, %(payload)s, %(person)s, %(verified)s, %(now)s)

-- name: set_divided
-- What a plan is measured by: what its last division was made by. Households balanced, nothing said of units and nothing
-- hard leave the settings as they were.
UPDATE plan SET settings = (settings - 'divided') || %(divided)s::jsonb WHERE id = %(plan)s

-- name: set_cells
-- Cells change their grid, or come.
INSERT INTO plan_cell (plan_id, cell_id, grid_code, base_code)
SELECT %(plan)s, s.cell, s.key, s.base
FROM unnest(%(cells)s::bigint[], %(keys)s::text[], %(bases)s::text[]) AS s (cell, key, base)
ON CONFLICT (plan_id, cell_id) DO UPDATE SET grid_code = EXCLUDED.grid_code

-- name: take_cells
-- Cells go: others take their place.
DELETE FROM plan_cell WHERE plan_id = %(plan)s AND cell_id = ANY(%(cells)s)

-- name: loads
-- Households of the cells of some grids of a plan, at its date, in the buildings of a moment.
SELECT p.cell_id, p.grid_code, COALESCE(l.households, 0)::float8 AS households
FROM plan_cell p
JOIN plan a ON a.id = p.plan_id
LEFT JOIN LATERAL (
    SELECT sum(h.households) AS households
    FROM building_cell k
    JOIN building b ON b.id = k.building_id AND b.valid @> %(at)s::timestamptz
    CROSS JOIN LATERAL (
        SELECT n.households FROM household_count n
        WHERE n.building_id = k.building_id AND n.as_of <= a.as_of
        ORDER BY n.as_of DESC, n.recorded_at DESC, n.id DESC LIMIT 1
    ) h
    WHERE k.cell_id = p.cell_id
) l ON true
WHERE p.plan_id = %(plan)s AND p.grid_code = ANY(%(keys)s)
ORDER BY p.cell_id

-- name: moves
-- Buildings of cells that change their grid, and such cells without any, with what they carry at a plan's date.
SELECT b.code AS building, b.name, b.address, v.name AS community, m.old AS "from", m.new AS "to",
       COALESCE(h.households, 0)::float8 AS households, COALESCE(h.people, 0)::float8 AS people, m.cell,
       ST_X(p.at) AS lon, ST_Y(p.at) AS lat
FROM unnest(%(cells)s::bigint[], %(old)s::text[], %(new)s::text[]) AS m (cell, old, new)
JOIN plan a ON a.id = %(plan)s
JOIN cell c ON c.id = m.cell
JOIN division v ON v.id = c.community_id
LEFT JOIN building_cell k ON k.cell_id = m.cell
    AND EXISTS (SELECT FROM building x WHERE x.id = k.building_id AND x.valid @> %(at)s::timestamptz)
LEFT JOIN building b ON b.id = k.building_id
CROSS JOIN LATERAL (SELECT ST_PointOnSurface(COALESCE(b.geom, c.geom)) AS at) p
LEFT JOIN LATERAL (
    SELECT n.households, n.people FROM household_count n
    WHERE n.building_id = b.id AND n.as_of <= a.as_of
    ORDER BY n.as_of DESC, n.recorded_at DESC, n.id DESC LIMIT 1
) h ON true
ORDER BY m.old, m.new, b.address, b.code, m.cell

-- name: workers
-- Who is posted to grids in force at a moment, by their codes.
SELECT g.code, w.id, w.name
FROM grid g
JOIN posting p ON p.grid_id = g.id AND p.valid @> %(at)s::timestamptz
JOIN grid_worker w ON w.id = p.worker_id
WHERE g.network_id = %(network)s AND g.level = %(level)s AND g.code = ANY(%(codes)s) AND g.valid @> %(at)s::timestamptz
ORDER BY g.code, w.code

-- name: edges_among
-- Pairs of neighbours among cells.
SELECT cell_a, cell_b FROM cell_edge WHERE cell_a = ANY(%(cells)s) AND cell_b = ANY(%(cells)s)

-- name: links
SELECT report->'links' FROM plan WHERE id = %(plan)s

-- name: columns
-- Cells of a plan with what they carry at its date, in the buildings of a moment.
SELECT p.cell_id, d.code AS own_community,
       CASE w.division_level WHEN d.level THEN d.code WHEN e.level THEN e.code WHEN f.level THEN f.code END AS community,
       p.base_code, p.grid_code, c.area_m2, c.building_id,
       COALESCE(l.households, 0)::float8 AS households, COALESCE(l.people, 0)::float8 AS people,
       ST_AsBinary(c.geom) AS wkb
FROM plan_cell p
JOIN plan a ON a.id = p.plan_id
JOIN network_level w ON w.network_id = a.network_id AND w.level = a.level
JOIN cell c ON c.id = p.cell_id
JOIN division d ON d.id = c.community_id
LEFT JOIN division e ON e.id = d.parent_id
LEFT JOIN division f ON f.id = e.parent_id
LEFT JOIN LATERAL (
    SELECT sum(h.households) AS households, sum(h.people) AS people
    FROM building_cell k
    JOIN building b ON b.id = k.building_id AND b.valid @> %(at)s::timestamptz
    CROSS JOIN LATERAL (
        SELECT n.households, n.people FROM household_count n
        WHERE n.building_id = k.building_id AND n.as_of <= a.as_of
        ORDER BY n.as_of DESC, n.recorded_at DESC, n.id DESC LIMIT 1
    ) h
    WHERE k.cell_id = p.cell_id
) l ON true
WHERE p.plan_id = %(plan)s
ORDER BY p.cell_id

-- name: edges
-- Pairs of neighbours among the cells of a plan.
SELECT e.cell_a, e.cell_b, e.length_m, e.follows, e.link
FROM plan_cell p
JOIN cell_edge e ON e.cell_a = p.cell_id
JOIN plan_cell q ON q.plan_id = p.plan_id AND q.cell_id = e.cell_b
WHERE p.plan_id = %(plan)s
ORDER BY e.cell_a, e.cell_b

-- name: shapes
-- Polygons of a plan's cells as GeoJSON, in the order of their numbers.
SELECT ST_AsGeoJSON(c.geom, 7) FROM plan_cell p JOIN cell c ON c.id = p.cell_id WHERE p.plan_id = %(plan)s
ORDER BY p.cell_id

-- name: renumbered
-- Communities whose grids a draft numbers anew: of those edits that are not undone. What was undone and not done again
-- was last named by an undo.
SELECT DISTINCT jsonb_array_elements_text(o.payload->'communities')
FROM plan_operation o
LEFT JOIN LATERAL (
    SELECT u.kind FROM plan_operation u
    WHERE u.plan_id = o.plan_id AND u.kind IN ('undo', 'redo') AND (u.payload->>'revision')::int = o.revision
    ORDER BY u.revision DESC LIMIT 1
) last ON true
WHERE o.plan_id = %(plan)s AND o.kind = 'renumber' AND last.kind IS DISTINCT FROM 'undo'
ORDER BY 1

-- name: waived
-- Checks that are waived for grids of a plan.
SELECT check_name, grid_key FROM plan_waiver WHERE plan_id = %(plan)s ORDER BY id

-- name: waivers
-- Who waived what of a plan, and why.
SELECT check_name, grid_key, person, verified, at, reason FROM plan_waiver WHERE plan_id = %(plan)s ORDER BY id

-- name: insert_waiver
INSERT INTO plan_waiver (plan_id, check_name, grid_key, person, verified, at, reason)
VALUES (%(plan)s, %(check)s, %(key)s, %(person)s, %(verified)s, %(now)s, %(reason)s)
ON CONFLICT (plan_id, check_name, grid_key) DO NOTHING
RETURNING id

-- name: used_codes
-- Every code that was ever used in a plan's communities, whatever their border was; what this plan gave and took back
-- is free for it again.
SELECT d.code, g.code
FROM plan_scope s
JOIN division d ON d.id = s.division_id
JOIN division v ON v.district_id = d.district_id AND v.level = d.level AND v.code = d.code
JOIN plan p ON p.id = s.plan_id
JOIN grid g ON g.division_id = v.id AND g.network_id = p.network_id AND g.level = p.level
JOIN publication u ON u.id = g.publication_id
WHERE s.plan_id = %(plan)s AND NOT (u.plan_id = s.plan_id AND u.withdrawn_at IS NOT NULL)

-- name: version_cells
-- Cells with their grids as they were when a version took effect.
SELECT m.cell_id, c.community_id,
       CASE l.division_level WHEN d.level THEN d.code WHEN e.level THEN e.code WHEN f.level THEN f.code END AS community,
       g.code AS grid_code
FROM publication u
JOIN network_level l ON l.network_id = u.network_id AND l.level = u.level
JOIN grid_cell m ON m.network_id = u.network_id AND m.level = u.level AND m.valid @> u.effective
JOIN grid g ON g.id = m.grid_id
JOIN cell c ON c.id = m.cell_id
JOIN division d ON d.id = c.community_id
LEFT JOIN division e ON e.id = d.parent_id
LEFT JOIN division f ON f.id = e.parent_id
WHERE u.network_id = %(network)s AND u.level = %(level)s AND u.version = %(version)s AND u.withdrawn_at IS NULL
ORDER BY m.cell_id

-- name: network_cells
-- Cells with their grids from the last publication on.
SELECT m.cell_id, c.community_id,
       CASE l.division_level WHEN d.level THEN d.code WHEN e.level THEN e.code WHEN f.level THEN f.code END AS community,
       g.code AS grid_code
FROM network_level l
JOIN grid_cell m ON m.network_id = l.network_id AND m.level = l.level AND upper_inf(m.valid)
JOIN grid g ON g.id = m.grid_id
JOIN cell c ON c.id = m.cell_id
JOIN division d ON d.id = c.community_id
LEFT JOIN division e ON e.id = d.parent_id
LEFT JOIN division f ON f.id = e.parent_id
WHERE l.network_id = %(network)s AND l.level = %(level)s
ORDER BY m.cell_id

-- name: replaced
-- Cells that a draft began with and does not hold any more, with the grids they belonged to.
SELECT c.id AS cell_id, r.base_code, ST_AsBinary(c.geom) AS wkb
FROM (
    SELECT DISTINCT n.cell::bigint AS cell_id, w.key AS base_code
    FROM plan_operation o
    CROSS JOIN LATERAL jsonb_each(o.payload->'was') w (key, cells)
    CROSS JOIN LATERAL jsonb_array_elements_text(w.cells) n (cell)
    WHERE o.plan_id = %(plan)s AND o.kind IN ('renew', 'split')
) r
JOIN cell c ON c.id = r.cell_id
WHERE NOT EXISTS (SELECT FROM plan_cell p WHERE p.plan_id = %(plan)s AND p.cell_id = r.cell_id)
ORDER BY c.id

-- name: people_of_cells
-- Households of some cells by the replaced cell that their building counted in; null where it counted in none.
SELECT k.cell_id, o.cell_id AS before, COALESCE(sum(h.households), 0)::float8 AS households
FROM building_cell k
JOIN building b ON b.id = k.building_id AND b.valid @> %(at)s::timestamptz
LEFT JOIN building_cell o ON o.building_id = k.building_id AND o.cell_id = ANY(%(replaced)s::bigint[])
LEFT JOIN LATERAL (
    SELECT n.households FROM household_count n
    WHERE n.building_id = k.building_id AND n.as_of <= %(as_of)s
    ORDER BY n.as_of DESC, n.recorded_at DESC, n.id DESC LIMIT 1
) h ON true
WHERE k.cell_id = ANY(%(cells)s::bigint[])
GROUP BY k.cell_id, o.cell_id ORDER BY k.cell_id, o.cell_id
