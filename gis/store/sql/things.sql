-- Where parts, events and buildings lie: which cells may answer, and what was found.

-- name: cells_in_force
-- The cells of a district at a moment, with their community then, and the grid of a network level each belongs to then;
-- before the first publication those of the newest making.
SELECT c.id, COALESCE(o.community_id, c.community_id) AS community_id, COALESCE(g.code, '') AS code, g.id AS grid_id,
       ST_AsBinary(c.geom) AS wkb
FROM cell c
JOIN tessellation t ON t.id = c.tessellation_id
LEFT JOIN cell_community o ON o.cell_id = c.id AND o.valid @> %(at)s
LEFT JOIN grid_cell m ON m.cell_id = c.id AND m.valid @> %(at)s AND m.level = %(level)s
     AND m.network_id = (SELECT id FROM network WHERE district_id = %(district)s AND code = %(network)s)
LEFT JOIN grid g ON g.id = m.grid_id
WHERE t.district_id = %(district)s AND c.valid @> %(at)s
  AND (t.base_id IS NOT NULL
       OR t.id = (SELECT max(id) FROM tessellation WHERE district_id = %(district)s AND base_id IS NULL))
ORDER BY c.id

-- name: cells_in_force_near
-- The same, but only cells that reach into a box of degrees: a preselection, gis/locate.py decides.
SELECT c.id, COALESCE(o.community_id, c.community_id) AS community_id, COALESCE(g.code, '') AS code, g.id AS grid_id,
       ST_AsBinary(c.geom) AS wkb
FROM cell c
JOIN tessellation t ON t.id = c.tessellation_id
LEFT JOIN cell_community o ON o.cell_id = c.id AND o.valid @> %(at)s
LEFT JOIN grid_cell m ON m.cell_id = c.id AND m.valid @> %(at)s AND m.level = %(level)s
     AND m.network_id = (SELECT id FROM network WHERE district_id = %(district)s AND code = %(network)s)
LEFT JOIN grid g ON g.id = m.grid_id
WHERE t.district_id = %(district)s AND c.valid @> %(at)s
  AND c.geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4490)
  AND (t.base_id IS NOT NULL
       OR t.id = (SELECT max(id) FROM tessellation WHERE district_id = %(district)s AND base_id IS NULL))
ORDER BY c.id

-- name: streets
-- Segments and crossings of a district at a moment with their home cells.
SELECT id, code, community_id, cell_id, half_width_m, ST_AsBinary(geom) AS wkb
FROM street WHERE district_id = %(district)s AND valid @> %(at)s
ORDER BY kind DESC, code, community_id

-- name: streets_near
-- The same, but only those that reach into a box of degrees.
SELECT id, code, community_id, cell_id, half_width_m, ST_AsBinary(geom) AS wkb
FROM street WHERE district_id = %(district)s AND valid @> %(at)s
  AND geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4490)
ORDER BY kind DESC, code, community_id

-- name: parts
-- All parts of a district, or some of them.
SELECT id, ST_AsBinary(geom) AS wkb FROM part
WHERE district_id = %(district)s AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s)) ORDER BY id

-- name: events
-- All events of a district, or some of them; those without coordinates have none.
SELECT id, ST_AsBinary(geom) AS wkb FROM event
WHERE district_id = %(district)s AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s)) ORDER BY id

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
CREATE TEMP TABLE found (id bigint, cell_id bigint, duty_cell_id bigint, how text, distance_m float8) ON COMMIT DROP

-- name: analyze_found
ANALYZE pg_temp.found

-- name: place_parts
UPDATE part p SET cell_id = f.cell_id, how = f.how, distance_m = f.distance_m
FROM found f
WHERE p.id = f.id AND (p.cell_id, p.how, p.distance_m) IS DISTINCT FROM (f.cell_id, f.how, f.distance_m)

-- name: place_events
UPDATE event e SET cell_id = f.cell_id, duty_cell_id = f.duty_cell_id, how = f.how, distance_m = f.distance_m
FROM found f
WHERE e.id = f.id AND (e.cell_id, e.duty_cell_id, e.how, e.distance_m)
      IS DISTINCT FROM (f.cell_id, f.duty_cell_id, f.how, f.distance_m)

-- name: moments
-- When cells, their communities, or places of streets of a district began or ended; not when a planner chose another
-- home for a street that stays.
SELECT DISTINCT m FROM (
    SELECT unnest(ARRAY[lower(c.valid), upper(c.valid)]) AS m
    FROM cell c JOIN tessellation t ON t.id = c.tessellation_id
    WHERE t.district_id = %(district)s AND NOT isempty(c.valid) AND c.valid <> '(,)'
    UNION ALL
    SELECT upper(o.valid) FROM cell_community o
    JOIN cell c ON c.id = o.cell_id JOIN tessellation t ON t.id = c.tessellation_id
    WHERE t.district_id = %(district)s AND NOT isempty(o.valid)
    UNION ALL
    SELECT lower(s.valid) FROM street s WHERE s.district_id = %(district)s AND NOT isempty(s.valid) AND s.person IS NULL
    UNION ALL
    SELECT upper(s.valid) FROM street s
    WHERE s.district_id = %(district)s AND NOT isempty(s.valid) AND upper(s.valid) IS NOT NULL
      AND NOT EXISTS (SELECT FROM street n WHERE n.code = s.code AND n.community_id = s.community_id
                      AND lower(n.valid) = upper(s.valid))
) x WHERE m IS NOT NULL ORDER BY m

-- name: homes
-- Streets of a district that had more than one home, each with its homes over time.
SELECT code, community_id, cell_id, lower(valid) AS since, upper(valid) AS until
FROM (SELECT *, count(*) OVER (PARTITION BY code, community_id) AS homes
      FROM street WHERE district_id = %(district)s AND NOT isempty(valid)) s
WHERE homes > 1
ORDER BY code, community_id, valid

-- name: drop_past
DROP TABLE IF EXISTS pg_temp.past

-- name: create_past
-- What held before, any number of rows a thing.
CREATE TEMP TABLE past (
    id bigint, cell_id bigint, duty_cell_id bigint, how text, distance_m float8, since timestamptz, until timestamptz
) ON COMMIT DROP

-- name: forget_past_parts
DELETE FROM part_cell h USING found f WHERE h.part_id = f.id

-- name: forget_past_events
DELETE FROM event_cell h USING found f WHERE h.event_id = f.id

-- name: keep_past_parts
INSERT INTO part_cell (part_id, cell_id, how, distance_m, valid)
SELECT id, cell_id, how, distance_m, tstzrange(since, until) FROM past

-- name: keep_past_events
INSERT INTO event_cell (event_id, cell_id, duty_cell_id, how, distance_m, valid)
SELECT id, cell_id, duty_cell_id, how, distance_m, tstzrange(since, until) FROM past

-- name: parts_of_cells
-- Parts that lie or lay in some cells, or reach into them.
SELECT p.id FROM part p WHERE p.district_id = %(district)s AND p.cell_id = ANY(%(cells)s)
UNION SELECT h.part_id FROM part_cell h WHERE h.cell_id = ANY(%(cells)s)
UNION SELECT p.id FROM cell c JOIN part p ON p.geom && c.geom
      WHERE p.district_id = %(district)s AND c.id = ANY(%(cells)s)
ORDER BY 1

-- name: events_of_cells
-- Events that lie or lay in some cells or were their duty, or reach into them.
SELECT e.id FROM event e WHERE e.district_id = %(district)s AND e.cell_id = ANY(%(cells)s)
UNION SELECT e.id FROM event e WHERE e.district_id = %(district)s AND e.duty_cell_id = ANY(%(cells)s)
UNION SELECT h.event_id FROM event_cell h WHERE h.cell_id = ANY(%(cells)s) OR h.duty_cell_id = ANY(%(cells)s)
UNION SELECT e.id FROM cell c JOIN event e ON e.geom && c.geom
      WHERE e.district_id = %(district)s AND c.id = ANY(%(cells)s)
ORDER BY 1

-- name: events_of_streets
-- Events that may lie on some streets: within a box round each.
SELECT DISTINCT e.id
FROM street s
JOIN event e ON e.geom && ST_Expand(s.geom, s.half_width_m / (110574 * cos(radians(ST_YMax(s.geom)))),
                                    s.half_width_m / 110574)
WHERE s.id = ANY(%(streets)s) AND e.district_id = %(district)s
ORDER BY e.id

-- name: one_of_parts
-- A row where a district has parts.
SELECT 1 FROM part WHERE district_id = %(district)s LIMIT 1

-- name: one_of_events
-- A row where a district has events.
SELECT 1 FROM event WHERE district_id = %(district)s LIMIT 1

-- name: parts_by_code
-- Parts that were just imported.
SELECT id FROM part WHERE district_id = %(district)s AND code = ANY(%(codes)s) ORDER BY id

-- name: events_by_code
-- Events that were just imported.
SELECT id FROM event WHERE district_id = %(district)s AND code = ANY(%(codes)s) ORDER BY id

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
LEFT JOIN cell_community o ON o.cell_id = c.id AND o.valid @> %(at)s
JOIN division d1 ON d1.id = COALESCE(o.community_id, c.community_id)
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
