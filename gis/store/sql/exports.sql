-- What is drawn into files.

-- name: grids
-- Grids of a network level in force at a moment, with the households of a date and the target they were made for.
WITH latest AS (
    SELECT DISTINCT ON (h.building_id) h.building_id, h.households, h.estimated
    FROM household_count h JOIN building b ON b.id = h.building_id
    WHERE b.district_id = %(district)s AND b.valid @> %(at)s AND h.as_of <= %(as_of)s
    ORDER BY h.building_id, h.as_of DESC, h.recorded_at DESC, h.id DESC
), loads AS (
    SELECT gc.grid_id, count(*) AS buildings, sum(l.households) AS households,
           sum(l.households) FILTER (WHERE l.estimated) AS estimated_households
    FROM grid_cell gc JOIN building_cell bc USING (cell_id)
    JOIN building b ON b.id = bc.building_id AND b.valid @> %(at)s
    LEFT JOIN latest l ON l.building_id = bc.building_id
    WHERE gc.valid @> %(at)s
    GROUP BY gc.grid_id
)
SELECT g.code AS grid_code, g.name, g.kind, v.code AS community_id, v.name AS community_name,
       coalesce(l.households, 0)::float8 AS households, coalesce(l.estimated_households, 0)::float8 AS estimated_households,
       coalesce(l.buildings, 0) AS buildings, g.area_m2, g.flags, nl.target, ST_AsBinary(g.geom) AS wkb
FROM grid g
JOIN network n ON n.id = g.network_id
JOIN network_level nl ON nl.network_id = g.network_id AND nl.level = g.level
JOIN division v ON v.id = g.division_id
LEFT JOIN loads l ON l.grid_id = g.id
WHERE n.district_id = %(district)s AND n.code = %(network)s AND g.level = %(level)s AND g.valid @> %(at)s
ORDER BY g.code

-- name: plan_shapes
-- Polygons of a plan's cells, in the order of their numbers.
SELECT ST_AsBinary(c.geom) AS wkb FROM plan_cell p JOIN cell c ON c.id = p.cell_id
WHERE p.plan_id = %(plan)s ORDER BY p.cell_id
