-- name: building
-- A building with its latest count and the grid in force that it lies in.
SELECT b.id, b.code, b.name, b.address, b.kind, b.floors, v.name AS community_name, k.name AS compound_name,
       n.households, n.people, n.estimated, n.as_of, n.source,
       c.area_m2 AS cell_area_m2, g.id AS grid_id, g.code AS grid_code, g.name AS grid_name,
       ST_Dimension(b.geom) AS dimension, ST_Area(b.geom::geography, false) AS footprint_m2,
       ST_X(p.p) AS lon, ST_Y(p.p) AS lat,
       ARRAY[ST_XMin(b.geom), ST_YMin(b.geom), ST_XMax(b.geom), ST_YMax(b.geom)] AS bbox
FROM building b CROSS JOIN LATERAL (SELECT ST_PointOnSurface(b.geom) AS p) p
LEFT JOIN LATERAL (
    SELECT h.households, h.people, h.estimated, h.as_of, h.source FROM household_count h
    WHERE h.building_id = b.id AND h.as_of <= %(as_of)s
    ORDER BY h.as_of DESC, h.recorded_at DESC, h.id DESC LIMIT 1
) n ON true
LEFT JOIN compound k ON k.district_id = b.district_id AND k.code = b.compound_code
LEFT JOIN LATERAL (
    SELECT gc.grid_id, bc.cell_id FROM building_cell bc
    LEFT JOIN grid_cell gc ON gc.cell_id = bc.cell_id AND gc.network_id = %(network)s AND gc.level = %(level)s
          AND gc.valid @> %(now)s
    WHERE bc.building_id = b.id
    ORDER BY gc.grid_id NULLS LAST, bc.tessellation_id DESC LIMIT 1
) m ON true
LEFT JOIN cell c ON c.id = m.cell_id
LEFT JOIN grid g ON g.id = m.grid_id
LEFT JOIN division v ON v.id = c.community_id
WHERE b.district_id = %(district)s AND b.id = %(id)s AND b.valid @> %(now)s;

-- name: part
-- A municipal part with the grid in force that it lies in.
SELECT p.id, p.code, p.class, p.class_name, p.name, p.state, p.how, p.distance_m, p.raw_crs,
       g.id AS grid_id, g.code AS grid_code, g.name AS grid_name, v.name AS community_name,
       ST_X(p.geom) AS lon, ST_Y(p.geom) AS lat
FROM part p
LEFT JOIN grid_cell gc ON gc.cell_id = p.cell_id AND gc.network_id = %(network)s AND gc.level = %(level)s
      AND gc.valid @> %(now)s
LEFT JOIN grid g ON g.id = gc.grid_id
LEFT JOIN division v ON v.id = g.division_id
WHERE p.district_id = %(district)s AND p.id = %(id)s;

-- name: event
-- An event with the grid in force that it lies in, counted as of now.
SELECT e.id, e.code, e.class, e.class_name, e.source, e.occurred_at, e.address, e.description, e.how, e.distance_m,
       e.raw_crs, g.id AS grid_id, g.code AS grid_code, g.name AS grid_name, v.name AS community_name,
       ST_X(e.geom) AS lon, ST_Y(e.geom) AS lat
FROM event e
LEFT JOIN grid_cell gc ON gc.cell_id = e.cell_id AND gc.network_id = %(network)s AND gc.level = %(level)s
      AND gc.valid @> %(now)s
LEFT JOIN grid g ON g.id = gc.grid_id
LEFT JOIN division v ON v.id = g.division_id
WHERE e.district_id = %(district)s AND e.id = %(id)s;

-- name: event_heaps
-- Events of a class and period gathered on a lattice of so many degrees; 0 gathers only those at one place.
SELECT count(*)::int AS weight, avg(ST_X(e.geom)) AS lon, avg(ST_Y(e.geom)) AS lat
FROM event e
WHERE e.district_id = %(district)s AND e.geom IS NOT NULL
  AND (%(class)s::text IS NULL OR coalesce(e.class, e.class_name) = %(class)s)
  AND (%(since)s::timestamptz IS NULL OR e.occurred_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR e.occurred_at < %(until)s)
GROUP BY CASE WHEN %(dx)s > 0 THEN floor(ST_X(e.geom) / %(dx)s) ELSE ST_X(e.geom) END,
         CASE WHEN %(dy)s > 0 THEN floor(ST_Y(e.geom) / %(dy)s) ELSE ST_Y(e.geom) END
LIMIT %(limit)s;

-- name: event_count
-- Events of a class and period, and those of them without a place.
SELECT count(*) AS events, count(*) FILTER (WHERE e.geom IS NULL) AS unlocated
FROM event e
WHERE e.district_id = %(district)s
  AND (%(class)s::text IS NULL OR coalesce(e.class, e.class_name) = %(class)s)
  AND (%(since)s::timestamptz IS NULL OR e.occurred_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR e.occurred_at < %(until)s);

-- name: posted
-- Who is posted to a grid at a moment.
SELECT w.name, w.phone, p.role
FROM posting p JOIN grid_worker w ON w.id = p.worker_id
WHERE p.grid_id = %(grid)s AND p.valid @> %(now)s
ORDER BY p.role, w.code;
