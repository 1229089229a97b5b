-- name: grids
-- Grids in force whose code holds what was typed (folded), or whose name does.
SELECT 'grid' AS type, g.id, g.code, g.name AS title, v.name AS subtitle, g.code AS grid_code, upper(g.code) AS key,
       ARRAY[ST_X(p.p), ST_Y(p.p)] AS spot, ARRAY[ST_XMin(g.geom), ST_YMin(g.geom), ST_XMax(g.geom), ST_YMax(g.geom)] AS bbox
FROM grid g JOIN division v ON v.id = g.division_id CROSS JOIN LATERAL (SELECT ST_PointOnSurface(g.geom) AS p) p
WHERE g.network_id = %(network)s AND g.level = %(level)s AND g.valid @> %(at)s
  AND (strpos(replace(upper(g.code), '-', ''), %(code)s) > 0 OR strpos(lower(g.name), %(text)s) > 0)
ORDER BY strpos(replace(upper(g.code), '-', ''), %(code)s) = 1 DESC, g.code
LIMIT %(limit)s;

-- name: divisions
-- Divisions whose code begins with, or whose name holds, what was typed.
SELECT 'division' AS type, v.id, v.code, v.name AS title, coalesce(u.name, v.name_en, '') AS subtitle,
       NULL AS grid_code, v.level, ARRAY[ST_X(p.p), ST_Y(p.p)] AS spot,
       ARRAY[ST_XMin(v.geom), ST_YMin(v.geom), ST_XMax(v.geom), ST_YMax(v.geom)] AS bbox
FROM division v LEFT JOIN division u ON u.id = v.parent_id CROSS JOIN LATERAL (SELECT ST_PointOnSurface(v.geom) AS p) p
WHERE v.district_id = %(district)s AND v.valid @> %(at)s
  AND (starts_with(upper(v.code), %(code)s) OR strpos(lower(v.name), %(text)s) > 0
       OR strpos(lower(v.name_en), %(text)s) > 0)
ORDER BY length(v.name), v.code
LIMIT %(limit)s;

-- name: buildings
-- Buildings whose folded address holds what was typed, is much like it, or whose code is it.
WITH found AS (
    (SELECT b.id, 0 AS rank FROM building b
     WHERE b.district_id = %(district)s AND b.valid @> %(at)s AND b.code = ANY(%(codes)s) LIMIT 5)
    UNION ALL
    (SELECT b.id, 1 FROM building b
     WHERE b.district_id = %(district)s AND b.valid @> %(at)s AND b.address_key LIKE %(pattern)s
     ORDER BY length(b.address_key), b.address_key LIMIT %(pool)s)
    UNION ALL
    (SELECT b.id, 2 FROM building b
     WHERE b.district_id = %(district)s AND b.valid @> %(at)s AND %(text)s <%% b.address_key
     ORDER BY %(text)s <<-> b.address_key LIMIT %(limit)s)
), best AS (
    SELECT id, min(rank) AS rank FROM found GROUP BY id
)
SELECT 'building' AS type, b.id, b.code, coalesce(b.name, b.address, b.code) AS title,
       coalesce(b.address, '') AS subtitle, b.address_key AS key, f.rank, g.code AS grid_code,
       ARRAY[ST_X(p.p), ST_Y(p.p)] AS spot, NULL AS bbox
FROM best f JOIN building b USING (id) CROSS JOIN LATERAL (SELECT ST_PointOnSurface(b.geom) AS p) p
LEFT JOIN LATERAL (
    SELECT r.code FROM building_cell bc JOIN grid_cell gc ON gc.cell_id = bc.cell_id JOIN grid r ON r.id = gc.grid_id
    WHERE bc.building_id = b.id AND gc.network_id = %(network)s AND gc.level = %(level)s AND gc.valid @> %(at)s LIMIT 1
) g ON true;

-- name: parts
-- Parts whose code is, or begins with, what was typed.
SELECT 'part' AS type, p.id, p.code, coalesce(p.name, p.class_name) AS title, p.class_name AS subtitle, NULL AS bbox,
       g.code AS grid_code, ARRAY[ST_X(p.geom), ST_Y(p.geom)] AS spot
FROM part p
LEFT JOIN part_cell h ON h.part_id = p.id AND h.valid @> %(at)s
LEFT JOIN grid_cell gc ON gc.cell_id = CASE WHEN h.part_id IS NULL THEN p.cell_id ELSE h.cell_id END
      AND gc.network_id = %(network)s AND gc.level = %(level)s AND gc.valid @> %(at)s
LEFT JOIN grid g ON g.id = gc.grid_id
WHERE p.district_id = %(district)s AND p.code >= %(typed)s AND p.code < %(typed_end)s AND starts_with(p.code, %(typed)s)
ORDER BY p.code LIMIT %(limit)s;

-- name: events
-- Events whose code is, or begins with, what was typed.
SELECT 'event' AS type, e.id, e.code, e.class_name AS title, coalesce(e.address, '') AS subtitle, NULL AS bbox,
       g.code AS grid_code, ARRAY[ST_X(e.geom), ST_Y(e.geom)] AS spot
FROM event e
LEFT JOIN event_cell h ON h.event_id = e.id AND h.valid @> %(at)s
LEFT JOIN grid_cell gc ON gc.cell_id = coalesce(
          CASE WHEN %(duty)s THEN CASE WHEN h.event_id IS NULL THEN e.duty_cell_id ELSE h.duty_cell_id END END,
          CASE WHEN h.event_id IS NULL THEN e.cell_id ELSE h.cell_id END)
      AND gc.network_id = %(network)s AND gc.level = %(level)s AND gc.valid @> %(at)s
LEFT JOIN grid g ON g.id = gc.grid_id
WHERE e.district_id = %(district)s AND e.occurred_at <= %(last_event)s AND e.code >= %(typed)s AND e.code < %(typed_end)s
  AND starts_with(e.code, %(typed)s)
ORDER BY e.code LIMIT %(limit)s;
