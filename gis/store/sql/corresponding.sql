-- Grids of two networks, levels, versions or moments side by side: cells, households, parts.

-- name: effective
-- When a version took or takes effect.
SELECT effective FROM publication
WHERE network_id = %(network)s AND level = %(level)s AND version = %(version)s AND withdrawn_at IS NULL

-- name: cells
-- Cells of a level with their grids at a moment.
SELECT c.id, g.code AS grid_code, ST_AsBinary(c.geom) AS wkb
FROM grid_cell m JOIN grid g ON g.id = m.grid_id JOIN cell c ON c.id = m.cell_id
WHERE m.network_id = %(network)s AND m.level = %(level)s AND m.valid @> %(at)s::timestamptz
ORDER BY c.id

-- name: buildings
-- Buildings that stand with their households of a date and the cells, of any making, that they count in.
SELECT h.households::float8 AS households, ARRAY(SELECT k.cell_id FROM building_cell k WHERE k.building_id = b.id) AS cells,
       ST_AsBinary(ST_PointOnSurface(b.geom)) AS wkb
FROM building b
CROSS JOIN LATERAL (
    SELECT c.households FROM household_count c
    WHERE c.building_id = b.id AND c.as_of <= %(as_of)s
    ORDER BY c.as_of DESC, c.recorded_at DESC, c.id DESC LIMIT 1
) h
WHERE b.district_id = %(district)s AND b.valid @> %(at)s::timestamptz AND h.households > 0
ORDER BY b.id

-- name: parts
-- Parts that lie in a cell, with that and those they lay in before.
SELECT p.cell_id || ARRAY(SELECT h.cell_id FROM part_cell h WHERE h.part_id = p.id AND h.cell_id IS NOT NULL) AS cells,
       ST_AsBinary(p.geom) AS wkb
FROM part p
WHERE p.district_id = %(district)s AND p.cell_id IS NOT NULL
ORDER BY p.id
