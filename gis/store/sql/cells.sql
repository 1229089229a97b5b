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
INSERT INTO tessellation (district_id, created_at, settings, report)
VALUES (%(district)s, %(now)s, %(settings)s, %(report)s)
RETURNING id

-- name: in_force_since
-- When the first grids on cells of a district took or take effect; null where none ever did.
SELECT min(u.effective) FROM publication u JOIN network n ON n.id = u.network_id
WHERE n.district_id = %(district)s AND u.withdrawn_at IS NULL

-- name: forget_older
-- Cells that no publication stands on go when new ones come, with the drafts made on them.
DELETE FROM tessellation t
WHERE t.district_id = %(district)s AND t.id <> %(tessellation)s
  AND NOT EXISTS (SELECT FROM plan p JOIN publication u ON u.plan_id = p.id WHERE p.tessellation_id = t.id)

-- name: newest_tessellation
-- The newest cells of a district.
SELECT id, settings, report FROM tessellation WHERE district_id = %(district)s ORDER BY id DESC LIMIT 1

-- name: tessellation
SELECT id, settings, report FROM tessellation WHERE id = %(tessellation)s

-- name: cells
-- Cells of one tessellation, or of some of its communities, with what they carry at a date.
SELECT c.id, d.code AS community_id, c.block_no AS block_id, b.code AS building_id, c.compound_code AS compound_id,
       COALESCE(l.households, 0)::float8 AS households, COALESCE(l.buildings, 0)::int AS buildings,
       ST_AsBinary(c.geom) AS wkb
FROM cell c
JOIN division d ON d.id = c.community_id
LEFT JOIN building b ON b.id = c.building_id
LEFT JOIN (
    SELECT k.cell_id, sum(h.households) AS households, count(*) AS buildings
    FROM building_cell k
    LEFT JOIN LATERAL (
        SELECT n.households FROM household_count n
        WHERE n.building_id = k.building_id AND n.as_of <= %(as_of)s
        ORDER BY n.as_of DESC, n.recorded_at DESC, n.id DESC LIMIT 1
    ) h ON true
    WHERE k.tessellation_id = %(tessellation)s
    GROUP BY k.cell_id
) l ON l.cell_id = c.id
WHERE c.tessellation_id = %(tessellation)s
  AND (%(communities)s::bigint[] IS NULL OR c.community_id = ANY(%(communities)s))
ORDER BY c.id

-- name: building_cells
-- Which cell each building's households count in, with the households at a date.
SELECT b.code AS building_id, k.cell_id, COALESCE(h.households, 0)::float8 AS households,
       COALESCE(h.estimated, false) AS estimated
FROM building_cell k
JOIN building b ON b.id = k.building_id
JOIN cell c ON c.id = k.cell_id
LEFT JOIN LATERAL (
    SELECT n.households, n.estimated FROM household_count n
    WHERE n.building_id = k.building_id AND n.as_of <= %(as_of)s
    ORDER BY n.as_of DESC, n.recorded_at DESC, n.id DESC LIMIT 1
) h ON true
WHERE k.tessellation_id = %(tessellation)s
  AND (%(communities)s::bigint[] IS NULL OR c.community_id = ANY(%(communities)s))
ORDER BY b.code

-- name: edges
-- Pairs of cells that touch.
SELECT e.cell_a, e.cell_b, e.length_m, e.follows, e.link
FROM cell_edge e JOIN cell c ON c.id = e.cell_a
WHERE c.tessellation_id = %(tessellation)s
  AND (%(communities)s::bigint[] IS NULL OR c.community_id = ANY(%(communities)s))
ORDER BY e.cell_a, e.cell_b
