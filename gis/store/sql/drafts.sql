-- Drafts begun on grids in force: what they were begun on, their edits, their steps.

-- name: persons
-- Names to choose from, in the order they came.
SELECT id, name FROM person ORDER BY id

-- name: insert_person
INSERT INTO person (name, created_at) VALUES (%(name)s, %(now)s) ON CONFLICT (name) DO NOTHING

-- name: person
-- A person by name.
SELECT id, name FROM person WHERE name = %(name)s

-- name: lock_plan
-- One edit or step of a plan at a time, until the end of the transaction.
SELECT p.id FROM plan p JOIN network n ON n.id = p.network_id
WHERE p.id = %(plan)s AND n.district_id = %(district)s FOR NO KEY UPDATE OF p

-- name: lives
-- The plans of a network level (or one plan of the district) with all that is known of their lives, the newest first.
SELECT p.id, p.title, p.status, p.base_version, p.created_by, p.created_at, p.as_of, p.settings, p.tessellation_id,
       p.network_id, n.code AS network, p.level, p.report->'measures' AS measures, p.report->'checks' AS checks,
       u.id AS publication_id, u.version, u.effective, u.published_by, u.report AS published,
       s.person AS submitted_by, COALESCE(s.verified, false) AS submitted_verified, a.person AS approved_by,
       COALESCE((SELECT max(o.revision) FROM plan_operation o WHERE o.plan_id = p.id), 0) AS revision,
       NOT EXISTS (
           SELECT FROM plan_scope c
           WHERE c.plan_id = p.id AND NOT EXISTS (
               SELECT FROM publication v JOIN plan_scope w ON w.plan_id = v.plan_id
               WHERE w.division_id = c.division_id AND v.network_id = p.network_id AND v.level = p.level
                 AND v.withdrawn_at IS NULL AND v.effective <= %(now)s AND v.version > u.version)
       ) AS replaced
FROM plan p
JOIN network n ON n.id = p.network_id
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
-- Communities by their codes at a moment, with the newest version published in each and whether it has grids.
SELECT d.id, d.code, d.name,
       (SELECT max(u.version) FROM publication u JOIN plan_scope o ON o.plan_id = u.plan_id
        WHERE o.division_id = d.id AND u.network_id = %(network)s AND u.level = %(level)s AND u.withdrawn_at IS NULL) AS version,
       EXISTS (SELECT FROM grid g WHERE g.division_id = d.id AND g.network_id = %(network)s AND g.level = %(level)s
                 AND upper_inf(g.valid)) AS has_grids
FROM division d
WHERE d.district_id = %(district)s AND d.level = 'community' AND d.valid @> %(now)s AND d.code = ANY(%(codes)s)
ORDER BY d.code

-- name: network
-- The network with what its grids should have.
SELECT n.id, l.target, l.minimum, l.maximum
FROM network n JOIN network_level l ON l.network_id = n.id AND l.level = %(level)s
WHERE n.district_id = %(district)s AND n.code = %(network)s

-- name: base_cells
-- Cells of communities with the grid each belongs to from the last publication on.
SELECT m.cell_id, g.code AS grid_code, c.tessellation_id
FROM cell c
JOIN grid_cell m ON m.cell_id = c.id AND m.network_id = %(network)s AND m.level = %(level)s AND upper_inf(m.valid)
JOIN grid g ON g.id = m.grid_id
WHERE c.community_id = ANY(%(communities)s)
ORDER BY m.cell_id

-- name: base_links
-- Pairs of cells that the plans before held connected, for communities.
SELECT DISTINCT (k->>0)::bigint, (k->>1)::bigint
FROM plan p
JOIN publication u ON u.plan_id = p.id AND u.withdrawn_at IS NULL
CROSS JOIN LATERAL jsonb_array_elements(p.report->'links') k
JOIN cell c ON c.id = (k->>0)::bigint
WHERE p.network_id = %(network)s AND p.level = %(level)s AND c.community_id = ANY(%(communities)s)
ORDER BY 1, 2

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
-- Cells of a plan with their grids, when it was begun and now.
SELECT p.cell_id, d.code AS community, p.base_code, p.grid_code
FROM plan_cell p JOIN cell c ON c.id = p.cell_id JOIN division d ON d.id = c.community_id
WHERE p.plan_id = %(plan)s ORDER BY p.cell_id

-- name: operations
-- The edits of a plan in their order.
SELECT revision, kind, payload FROM plan_operation WHERE plan_id = %(plan)s ORDER BY revision

-- name: insert_operation
INSERT INTO plan_operation (plan_id, revision, kind, payload, person, verified, at)
VALUES (%(plan)s, %(revision)s, %(kind)s, %(payload)s, %(person)s, %(verified)s, %(now)s)

-- name: set_cells
-- Cells change their grid.
UPDATE plan_cell p SET grid_code = s.key
FROM unnest(%(cells)s::bigint[], %(keys)s::text[]) AS s (cell, key)
WHERE p.plan_id = %(plan)s AND p.cell_id = s.cell

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

-- name: edges_among
-- Pairs of neighbours among cells.
SELECT cell_a, cell_b FROM cell_edge WHERE cell_a = ANY(%(cells)s) AND cell_b = ANY(%(cells)s)

-- name: links
SELECT report->'links' FROM plan WHERE id = %(plan)s

-- name: columns
-- Cells of a plan with what they carry at its date, in the buildings of a moment.
SELECT p.cell_id, d.code AS community, p.base_code, p.grid_code, c.area_m2, c.building_id,
       COALESCE(l.households, 0)::float8 AS households, COALESCE(l.people, 0)::float8 AS people,
       ST_AsBinary(c.geom) AS wkb
FROM plan_cell p
JOIN plan a ON a.id = p.plan_id
JOIN cell c ON c.id = p.cell_id
JOIN division d ON d.id = c.community_id
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

-- name: used_codes
-- Every code that was ever used in a plan's communities; what this plan gave and took back is free for it again.
SELECT d.code, g.code
FROM plan_scope s
JOIN division d ON d.id = s.division_id
JOIN plan p ON p.id = s.plan_id
JOIN grid g ON g.division_id = s.division_id AND g.network_id = p.network_id AND g.level = p.level
JOIN publication u ON u.id = g.publication_id
WHERE s.plan_id = %(plan)s AND NOT (u.plan_id = s.plan_id AND u.withdrawn_at IS NOT NULL)

-- name: version_cells
-- Cells with their grids as they were when a version took effect.
SELECT m.cell_id, c.community_id, d.code AS community, g.code AS grid_code
FROM publication u
JOIN grid_cell m ON m.network_id = u.network_id AND m.level = u.level AND m.valid @> u.effective
JOIN grid g ON g.id = m.grid_id
JOIN cell c ON c.id = m.cell_id
JOIN division d ON d.id = c.community_id
WHERE u.network_id = %(network)s AND u.level = %(level)s AND u.version = %(version)s AND u.withdrawn_at IS NULL
ORDER BY m.cell_id
