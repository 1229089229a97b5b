-- Where parts, events and buildings lie: which cells may answer, and what was found.

-- name: cells_in_force
-- Cells of the community network at a moment with the grid each belongs to; those of the newest tessellation, without
-- grids, where nothing is in force yet.
WITH publications AS (
    SELECT u.network_id, u.level FROM publication u JOIN network n ON n.id = u.network_id
    WHERE n.district_id = %(district)s AND n.code = %(network)s AND u.level = %(level)s AND u.effective <= %(at)s
      AND u.withdrawn_at IS NULL LIMIT 1
)
SELECT c.id, COALESCE(g.code, '') AS code, g.id AS grid_id, ST_AsBinary(c.geom) AS wkb
FROM publications p
JOIN grid_cell m ON m.network_id = p.network_id AND m.level = p.level AND m.valid @> %(at)s
JOIN grid g ON g.id = m.grid_id
JOIN cell c ON c.id = m.cell_id
UNION ALL
SELECT c.id, '', NULL, ST_AsBinary(c.geom)
FROM cell c
WHERE NOT EXISTS (SELECT FROM publications)
  AND c.tessellation_id = (SELECT max(id) FROM tessellation WHERE district_id = %(district)s)
ORDER BY 1

-- name: cells_in_force_near
-- The same, but only cells that reach into a box of degrees: a preselection, gis/locate.py decides.
WITH publications AS (
    SELECT u.network_id, u.level FROM publication u JOIN network n ON n.id = u.network_id
    WHERE n.district_id = %(district)s AND n.code = %(network)s AND u.level = %(level)s AND u.effective <= %(at)s
      AND u.withdrawn_at IS NULL LIMIT 1
)
SELECT c.id, COALESCE(g.code, '') AS code, g.id AS grid_id, ST_AsBinary(c.geom) AS wkb
FROM publications p
JOIN cell c ON c.geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4490)
JOIN grid_cell m ON m.cell_id = c.id AND m.network_id = p.network_id AND m.level = p.level AND m.valid @> %(at)s
JOIN grid g ON g.id = m.grid_id
UNION ALL
SELECT c.id, '', NULL, ST_AsBinary(c.geom)
FROM cell c
WHERE NOT EXISTS (SELECT FROM publications)
  AND c.geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4490)
  AND c.tessellation_id = (SELECT max(id) FROM tessellation WHERE district_id = %(district)s)
ORDER BY 1

-- name: parts
-- All parts of a district.
SELECT id, ST_AsBinary(geom) AS wkb FROM part WHERE district_id = %(district)s ORDER BY id

-- name: events
-- All events of a district; those without coordinates have none.
SELECT id, ST_AsBinary(geom) AS wkb FROM event WHERE district_id = %(district)s ORDER BY id

-- name: buildings_without_cell
-- Buildings that came after the cells in force were made.
SELECT b.id, b.code, ST_AsBinary(b.geom) AS wkb
FROM building b
WHERE b.district_id = %(district)s AND b.valid @> %(at)s
  AND NOT EXISTS (SELECT FROM building_cell k WHERE k.building_id = b.id AND k.cell_id = ANY(%(cells)s))
ORDER BY b.id

-- name: beginnings_of_cells
-- When cells of a district began or will begin, after a moment.
SELECT DISTINCT lower(c.valid) FROM cell c JOIN tessellation t ON t.id = c.tessellation_id
WHERE t.district_id = %(district)s AND lower(c.valid) > %(after)s

-- name: insert_building_cells
-- A new building joins the cell it stands in until the next plan.
INSERT INTO building_cell (tessellation_id, building_id, cell_id)
SELECT c.tessellation_id, s.id, s.cell_id FROM found s JOIN cell c ON c.id = s.cell_id
ON CONFLICT (tessellation_id, building_id) DO NOTHING

-- name: drop_found
DROP TABLE IF EXISTS pg_temp.found

-- name: create_found
-- What was found, one row a thing.
CREATE TEMP TABLE found (id bigint, cell_id bigint, how text, distance_m float8) ON COMMIT DROP

-- name: analyze_found
ANALYZE pg_temp.found

-- name: place_parts
UPDATE part p SET cell_id = f.cell_id, how = f.how, distance_m = f.distance_m
FROM found f
WHERE p.id = f.id AND (p.cell_id, p.how, p.distance_m) IS DISTINCT FROM (f.cell_id, f.how, f.distance_m)

-- name: place_events
UPDATE event e SET cell_id = f.cell_id, how = f.how, distance_m = f.distance_m
FROM found f
WHERE e.id = f.id AND (e.cell_id, e.how, e.distance_m) IS DISTINCT FROM (f.cell_id, f.how, f.distance_m)

-- name: answer_facts
-- What an answer tells of a cell at a moment: its grid with version and validity, and the divisions above it.
SELECT c.id AS cell, g.id AS grid_id, g.code, g.name, g.kind, lower(g.valid) AS valid_from, upper(g.valid) AS valid_to,
       (SELECT u.version FROM publication u
        WHERE u.network_id = g.network_id AND u.level = g.level AND u.effective <= %(at)s AND u.withdrawn_at IS NULL
        ORDER BY u.effective DESC, u.version DESC LIMIT 1) AS version,
       d1.level AS level_1, d1.code AS code_1, d1.name AS name_1,
       d2.level AS level_2, d2.code AS code_2, d2.name AS name_2,
       d3.level AS level_3, d3.code AS code_3, d3.name AS name_3
FROM cell c
JOIN division d1 ON d1.id = c.community_id
LEFT JOIN division d2 ON d2.id = d1.parent_id
LEFT JOIN division d3 ON d3.id = d2.parent_id
LEFT JOIN grid_cell m ON m.cell_id = c.id AND m.valid @> %(at)s AND m.level = %(level)s
     AND m.network_id = (SELECT id FROM network WHERE district_id = %(district)s AND code = %(network)s)
LEFT JOIN grid g ON g.id = m.grid_id
WHERE c.id = ANY(%(cells)s)

-- name: answer_workers
-- Who is posted to grids at a moment.
SELECT p.grid_id, w.name, w.phone, p.role
FROM posting p JOIN grid_worker w ON w.id = p.worker_id
WHERE p.grid_id = ANY(%(grids)s) AND p.valid @> %(at)s
ORDER BY p.grid_id, p.role, w.code
