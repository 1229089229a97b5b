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
    WHERE h.building_id = b.id AND h.as_of <= %(on)s
    ORDER BY h.as_of DESC, h.recorded_at DESC, h.id DESC LIMIT 1
) n ON true
LEFT JOIN compound k ON k.district_id = b.district_id AND k.code = b.compound_code
LEFT JOIN LATERAL (
    SELECT gc.grid_id, bc.cell_id FROM building_cell bc
    LEFT JOIN grid_cell gc ON gc.cell_id = bc.cell_id AND gc.network_id = %(network)s AND gc.level = %(level)s
          AND gc.valid @> %(at)s
    WHERE bc.building_id = b.id
    ORDER BY gc.grid_id NULLS LAST, bc.tessellation_id DESC LIMIT 1
) m ON true
LEFT JOIN cell c ON c.id = m.cell_id
LEFT JOIN grid g ON g.id = m.grid_id
LEFT JOIN division v ON v.id = c.community_id
WHERE b.district_id = %(district)s AND b.id = %(id)s AND b.valid @> %(at)s;

-- name: part
-- A municipal part with the grid in force that it lies in.
SELECT p.id, p.code, p.class, p.class_name, p.name, p.state, p.raw_crs, coalesce(h.how, p.how) AS how,
       CASE WHEN h.part_id IS NULL THEN p.distance_m ELSE h.distance_m END AS distance_m,
       g.id AS grid_id, g.code AS grid_code, g.name AS grid_name, v.name AS community_name,
       ST_X(p.geom) AS lon, ST_Y(p.geom) AS lat
FROM part p
LEFT JOIN part_cell h ON h.part_id = p.id AND h.valid @> %(at)s
LEFT JOIN cell c ON c.id = CASE WHEN h.part_id IS NULL THEN p.cell_id ELSE h.cell_id END
LEFT JOIN cell_community o ON o.cell_id = c.id AND o.valid @> %(at)s
LEFT JOIN division v ON v.id = coalesce(o.community_id, c.community_id)
LEFT JOIN grid_cell gc ON gc.cell_id = c.id AND gc.network_id = %(network)s AND gc.level = %(level)s
      AND gc.valid @> %(at)s
LEFT JOIN grid g ON g.id = gc.grid_id
WHERE p.district_id = %(district)s AND p.id = %(id)s;

-- name: event
-- An event that had happened by a moment, with the grid in force then that it lies in, and the code of the one in
-- force when it happened.
SELECT e.id, e.code, e.class, e.class_name, e.source, e.occurred_at, e.address, e.description, e.raw_crs,
       coalesce(h.how, e.how) AS how,
       CASE WHEN h.event_id IS NULL THEN e.distance_m ELSE h.distance_m END AS distance_m,
       g.id AS grid_id, g.code AS grid_code, g.name AS grid_name, v.name AS community_name,
       f.code AS then_code, ST_X(e.geom) AS lon, ST_Y(e.geom) AS lat
FROM event e
LEFT JOIN event_cell h ON h.event_id = e.id AND h.valid @> %(at)s
LEFT JOIN cell c ON c.id = coalesce(
          CASE WHEN %(duty)s THEN CASE WHEN h.event_id IS NULL THEN e.duty_cell_id ELSE h.duty_cell_id END END,
          CASE WHEN h.event_id IS NULL THEN e.cell_id ELSE h.cell_id END)
LEFT JOIN cell_community o ON o.cell_id = c.id AND o.valid @> %(at)s
LEFT JOIN division v ON v.id = coalesce(o.community_id, c.community_id)
LEFT JOIN grid_cell gc ON gc.cell_id = c.id AND gc.network_id = %(network)s AND gc.level = %(level)s
      AND gc.valid @> %(at)s
LEFT JOIN grid g ON g.id = gc.grid_id
LEFT JOIN event_cell k ON k.event_id = e.id AND k.valid @> e.occurred_at
LEFT JOIN grid_cell gt ON gt.cell_id = coalesce(
          CASE WHEN %(duty)s THEN CASE WHEN k.event_id IS NULL THEN e.duty_cell_id ELSE k.duty_cell_id END END,
          CASE WHEN k.event_id IS NULL THEN e.cell_id ELSE k.cell_id END)
      AND gt.network_id = %(network)s AND gt.level = %(level)s AND gt.valid @> e.occurred_at
LEFT JOIN grid f ON f.id = gt.grid_id
WHERE e.district_id = %(district)s AND e.id = %(id)s AND e.occurred_at <= %(last_event)s;

-- name: event_heaps
-- Events of a class and period gathered on a lattice of so many degrees; 0 gathers only those at one place.
SELECT count(*)::int AS weight, avg(ST_X(e.geom)) AS lon, avg(ST_Y(e.geom)) AS lat
FROM event e
WHERE e.district_id = %(district)s AND e.geom IS NOT NULL AND e.occurred_at <= %(last_event)s
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
WHERE e.district_id = %(district)s AND e.occurred_at <= %(last_event)s
  AND (%(class)s::text IS NULL OR coalesce(e.class, e.class_name) = %(class)s)
  AND (%(since)s::timestamptz IS NULL OR e.occurred_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR e.occurred_at < %(until)s);

-- name: posted
-- Who is posted to a grid at a moment.
SELECT w.name, w.phone, p.role
FROM posting p JOIN grid_worker w ON w.id = p.worker_id
WHERE p.grid_id = %(grid)s AND p.valid @> %(at)s
ORDER BY p.role, w.code;

-- name: grid_ended
-- The version of a grid code that is nearest to a moment, where none is in force then.
SELECT g.id, g.code, g.name, g.kind, g.area_m2, g.flags, lower(g.valid) AS valid_from, upper(g.valid) AS valid_to,
       v.name AS community_name, ARRAY[ST_X(s.p), ST_Y(s.p)] AS center,
       ARRAY[ST_XMin(g.geom), ST_YMin(g.geom), ST_XMax(g.geom), ST_YMax(g.geom)] AS bbox
FROM grid g JOIN division v ON v.id = g.division_id
CROSS JOIN LATERAL (SELECT ST_PointOnSurface(g.geom) AS p) s
WHERE g.network_id = %(network)s AND g.level = %(level)s AND g.code = %(code)s AND NOT isempty(g.valid)
ORDER BY abs(extract(epoch FROM CASE WHEN upper(g.valid) <= %(at)s THEN %(at)s - upper(g.valid)
                                     ELSE lower(g.valid) - %(at)s END))
LIMIT 1;

-- name: grid_versions
-- All versions of a grid code, the newest first, with what each came from and went to, by shares of the older one.
SELECT g.id, p.version, g.origin, g.area_m2, lower(g.valid) AS valid_from, upper(g.valid) AS valid_to,
       coalesce((SELECT json_agg(json_build_object('code', o.code, 'name', o.name, 'households', l.household_share,
                                                   'area', l.area_share)
                                 ORDER BY l.household_share DESC, l.area_share DESC, o.code)
                 FROM grid_lineage l JOIN grid o ON o.id = l.from_grid AND NOT isempty(o.valid)
                 WHERE l.to_grid = g.id), '[]') AS came_from,
       coalesce((SELECT json_agg(json_build_object('code', o.code, 'name', o.name, 'households', l.household_share,
                                                   'area', l.area_share)
                                 ORDER BY l.household_share DESC, l.area_share DESC, o.code)
                 FROM grid_lineage l JOIN grid o ON o.id = l.to_grid AND NOT isempty(o.valid)
                 WHERE l.from_grid = g.id), '[]') AS went_to
FROM grid g JOIN publication p ON p.id = g.publication_id
WHERE g.network_id = %(network)s AND g.level = %(level)s AND g.code = %(code)s AND NOT isempty(g.valid)
ORDER BY lower(g.valid) DESC NULLS LAST;
