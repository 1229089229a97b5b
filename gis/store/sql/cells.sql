-- What a district's cells are made of, and the cells themselves.
-- A household count is the latest recorded row of the latest date that is not after the asked one.

-- name: communities
-- Communities valid at a moment.
SELECT id, code AS community_id, name, ST_AsBinary(geom) AS wkb
FROM division
WHERE district_id = %(district)s AND level = 'community' AND valid @> %(at)s
ORDER BY code

-- name: buildings
-- Buildings valid at a moment with their households at a date; null where nobody ever counted or estimated them.
SELECT b.id, b.code AS building_id, b.community_code AS community_id, b.compound_code AS compound_id,
       h.households::float8 AS households, h.people::float8 AS people, COALESCE(h.estimated, false) AS estimated,
       ST_AsBinary(b.geom) AS wkb
FROM building b
LEFT JOIN LATERAL (
    SELECT c.households, c.people, c.estimated FROM household_count c
    WHERE c.building_id = b.id AND c.as_of <= %(as_of)s
    ORDER BY c.as_of DESC, c.recorded_at DESC, c.id DESC LIMIT 1
) h ON true
WHERE b.district_id = %(district)s AND b.valid @> %(at)s
ORDER BY b.code

-- name: barriers
SELECT kind, class, width_m, bridge, tunnel, ST_AsBinary(geom) AS wkb
FROM barrier WHERE district_id = %(district)s ORDER BY code

-- name: compounds
SELECT code AS compound_id, name, ST_AsBinary(geom) AS wkb
FROM compound WHERE district_id = %(district)s ORDER BY code

-- name: landcover
SELECT kind, ST_AsBinary(geom) AS wkb
FROM landcover WHERE district_id = %(district)s ORDER BY code

-- name: reserve_cell_ids
-- Numbers for cells that are about to be copied.
SELECT nextval('cell_id_seq') FROM generate_series(1, %(n)s)

-- name: insert_tessellation
INSERT INTO tessellation (district_id, base_id, created_at, settings, report)
VALUES (%(district)s, %(base)s, %(now)s, %(settings)s, %(report)s)
RETURNING id

-- name: in_force_since
-- When the first grids on cells of a district took or take effect; null where none ever did.
SELECT min(u.effective) FROM publication u JOIN network n ON n.id = u.network_id
WHERE n.district_id = %(district)s AND u.withdrawn_at IS NULL

-- name: forget_older
-- Cells that no grid was ever published on go when new ones come, with the drafts made on them.
DELETE FROM tessellation t
WHERE t.district_id = %(district)s AND t.id <> %(tessellation)s
  AND NOT EXISTS (SELECT FROM cell c JOIN grid_cell m ON m.cell_id = c.id WHERE c.tessellation_id = t.id)

-- name: at
-- Numbers of the cells of a district at a moment, or of those that lie in some of its communities since.
SELECT c.id FROM cell c JOIN tessellation t ON t.id = c.tessellation_id
WHERE t.district_id = %(district)s AND c.valid @> %(at)s::timestamptz
  AND (%(communities)s::bigint[] IS NULL OR c.community_id = ANY(%(communities)s))
ORDER BY c.id

-- name: of_plan
-- Numbers of the cells of a plan.
SELECT cell_id FROM plan_cell WHERE plan_id = %(plan)s ORDER BY cell_id

-- name: makings
-- The makings that cells come from, the oldest first.
SELECT t.id, t.settings, t.report FROM tessellation t
WHERE t.id IN (SELECT c.tessellation_id FROM cell c WHERE c.id = ANY(%(cells)s::bigint[]))
ORDER BY t.id

-- name: cells
-- Some cells with what they carry: buildings valid at a moment, households of a date.
SELECT c.id, d.code AS community_id, c.block_no AS block_id, b.code AS building_id, c.compound_code AS compound_id,
       COALESCE(l.households, 0)::float8 AS households, COALESCE(l.buildings, 0)::int AS buildings,
       ST_AsBinary(c.geom) AS wkb
FROM cell c
JOIN division d ON d.id = c.community_id
LEFT JOIN building b ON b.id = c.building_id
LEFT JOIN (
    SELECT k.cell_id, sum(h.households) AS households, count(*) AS buildings
    FROM building_cell k
    JOIN building o ON o.id = k.building_id AND o.valid @> %(at)s::timestamptz
    LEFT JOIN LATERAL (
        SELECT n.households FROM household_count n
        WHERE n.building_id = k.building_id AND n.as_of <= %(as_of)s
        ORDER BY n.as_of DESC, n.recorded_at DESC, n.id DESC LIMIT 1
    ) h ON true
    WHERE k.cell_id = ANY(%(cells)s::bigint[])
    GROUP BY k.cell_id
) l ON l.cell_id = c.id
WHERE c.id = ANY(%(cells)s::bigint[])
ORDER BY c.id

-- name: building_cells
-- Which of some cells each building's households count in, with the households of a date.
SELECT b.code AS building_id, k.cell_id, COALESCE(h.households, 0)::float8 AS households,
       COALESCE(h.estimated, false) AS estimated
FROM building_cell k
JOIN building b ON b.id = k.building_id AND b.valid @> %(at)s::timestamptz
LEFT JOIN LATERAL (
    SELECT n.households, n.estimated FROM household_count n
    WHERE n.building_id = k.building_id AND n.as_of <= %(as_of)s
    ORDER BY n.as_of DESC, n.recorded_at DESC, n.id DESC LIMIT 1
) h ON true
WHERE k.cell_id = ANY(%(cells)s::bigint[])
ORDER BY b.code

-- name: edges
-- Pairs of cells that touch, among some.
SELECT e.cell_a, e.cell_b, e.length_m, e.follows, e.link
FROM cell_edge e
WHERE e.cell_a IN (SELECT unnest(%(cells)s::bigint[])) AND e.cell_b IN (SELECT unnest(%(cells)s::bigint[]))
ORDER BY e.cell_a, e.cell_b

-- name: shapes
-- Polygons of some cells.
SELECT c.id, ST_AsBinary(c.geom) AS wkb FROM cell c WHERE c.id = ANY(%(cells)s::bigint[]) ORDER BY c.id

-- name: beside
-- Cells from the last publication on, of other communities than some cells lie in, that reach into a box of degrees.
SELECT c.id, d.code AS community, ST_AsBinary(c.geom) AS wkb
FROM cell c
JOIN tessellation t ON t.id = c.tessellation_id
JOIN division d ON d.id = c.community_id
WHERE t.district_id = %(district)s AND upper_inf(c.valid)
  AND c.community_id NOT IN (SELECT k.community_id FROM cell k WHERE k.id = ANY(%(cells)s::bigint[]))
  AND c.geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4490)
ORDER BY c.id

-- name: parents
-- Retired cells that some cells came from, with those that did.
WITH RECURSIVE up (ancestor, cell) AS (
    SELECT l.from_cell, l.to_cell FROM cell_lineage l WHERE l.to_cell = ANY(%(cells)s::bigint[])
    UNION
    SELECT l.from_cell, u.cell FROM up u JOIN cell_lineage l ON l.to_cell = u.ancestor
)
SELECT u.ancestor AS id, array_agg(DISTINCT u.cell) AS cells, ST_AsBinary(c.geom) AS wkb
FROM up u JOIN cell c ON c.id = u.ancestor
WHERE u.ancestor <> ALL(%(cells)s::bigint[])
GROUP BY u.ancestor, c.geom ORDER BY u.ancestor
