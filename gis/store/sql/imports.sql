-- Every kind is written alike: `stage_KIND` makes a temporary table that one COPY fills, `update_KIND` changes the rows
-- of the store that differ from it, `insert_KIND` adds those whose code is new. What is equal is not touched.
-- Rows are staged in the order of a space-filling curve: an index of boxes grows faster by neighbours, and sorting large
-- shapes in the server is slow. Parts and events come in the order of their codes, mostly the file's and that of
-- their moments: two indexes grow at their end, and a quadtree grows as fast in any order.
-- Parameters: district (id), and as_of (today there) for counts without a date.

-- name: unstage
-- Forget what an earlier import of the same transaction staged.
DROP TABLE IF EXISTS pg_temp.staged

-- name: index_staged
-- So that the joins by code are planned well.
ANALYZE pg_temp.staged

-- name: look_up_at_once
-- What is known already is looked up once, not for every new row: with a table that was empty when last analysed, each
-- new row would read again all those just added.
SET LOCAL enable_nestloop = off

-- name: look_up_as_usual
SET LOCAL enable_nestloop TO DEFAULT

-- name: lock_district
-- One import, tessellation or publication of a district at a time; ground_change is told which.
SELECT id, set_config('gridkeeper.district', id::text, true) FROM district WHERE code = %(code)s FOR NO KEY UPDATE

-- name: insert_district
-- A district comes into being with its first divisions.
INSERT INTO district (code, name, name_en, time_zone, metric_crs, crs_note, loaded_at)
VALUES (%(code)s, %(name)s, %(name_en)s, %(time_zone)s, %(metric_crs)s, %(crs_note)s, %(now)s)
ON CONFLICT (code) DO NOTHING
RETURNING id

-- name: insert_run
-- The record of one import with its whole report.
INSERT INTO import_run (district_id, kind, source, imported_at, report)
VALUES (%(district)s, %(kind)s, %(source)s, %(now)s, %(report)s)

-- name: bump_layer
-- A slow tile layer changed: its address changes with it.
INSERT INTO layer_version (district_id, layer, version)
VALUES (%(district)s, %(layer)s, 1)
ON CONFLICT (district_id, layer) DO UPDATE SET version = layer_version.version + 1

-- ------------------------------------------------------------------------------------------------- divisions
-- name: stage_divisions
CREATE TEMP TABLE staged (
    level text, code text, name text, name_en text, parent_code text, successor text, properties jsonb, geom geometry
) ON COMMIT DROP

-- name: moved_divisions
-- Divisions that cells of grids stand on and whose border the file draws differently.
SELECT d.level, d.code
FROM division d JOIN staged s ON d.level = s.level AND d.code = s.code
WHERE d.district_id = %(district)s AND upper_inf(d.valid) AND d.geom IS DISTINCT FROM ST_Multi(s.geom)
  AND EXISTS (SELECT FROM cell c JOIN grid_cell g ON g.cell_id = c.id WHERE c.community_id = d.id)
ORDER BY d.code

-- name: update_divisions
UPDATE division d
SET name = s.name, name_en = s.name_en, successor = s.successor,
    properties = COALESCE(s.properties, '{}'), geom = ST_Multi(s.geom)
FROM staged s
WHERE d.district_id = %(district)s AND d.level = s.level AND d.code = s.code AND upper_inf(d.valid)
  AND (d.name, d.name_en, d.successor, d.properties, d.geom)
      IS DISTINCT FROM (s.name, s.name_en, s.successor, COALESCE(s.properties, '{}'), ST_Multi(s.geom))

-- name: insert_divisions
INSERT INTO division (district_id, level, code, name, name_en, successor, properties, geom)
SELECT %(district)s, s.level, s.code, s.name, s.name_en, s.successor, COALESCE(s.properties, '{}'), ST_Multi(s.geom)
FROM staged s
WHERE NOT EXISTS (SELECT FROM division d WHERE d.district_id = %(district)s AND d.level = s.level
                  AND d.code = s.code AND upper_inf(d.valid))
ORDER BY s.code

-- name: divisions_for_parents
-- Divisions now valid with the parent they name, to find who lies in whom.
SELECT d.id, d.level, d.code, d.parent_id, s.parent_code, s.code IS NOT NULL, ST_AsBinary(d.geom)
FROM division d LEFT JOIN staged s ON s.level = d.level AND s.code = d.code
WHERE d.district_id = %(district)s AND upper_inf(d.valid) ORDER BY d.code

-- name: known_divisions
SELECT id FROM division WHERE district_id = %(district)s

-- name: set_parent
UPDATE division SET parent_id = %(parent)s WHERE id = %(id)s

-- ------------------------------------------------------------------------------------------------- ground
-- name: stage_compounds
CREATE TEMP TABLE staged (code text, name text, geom geometry) ON COMMIT DROP

-- name: update_compounds
UPDATE compound c SET name = s.name, geom = ST_Multi(s.geom)
FROM staged s
WHERE c.district_id = %(district)s AND c.code = s.code
  AND (c.name, c.geom) IS DISTINCT FROM (s.name, ST_Multi(s.geom))

-- name: insert_compounds
INSERT INTO compound (district_id, code, name, geom)
SELECT %(district)s, s.code, s.name, ST_Multi(s.geom) FROM staged s
WHERE NOT EXISTS (SELECT FROM compound c WHERE c.district_id = %(district)s AND c.code = s.code)

-- name: stage_landcover
CREATE TEMP TABLE staged (code text, kind text, name text, geom geometry) ON COMMIT DROP

-- name: update_landcover
UPDATE landcover l SET kind = s.kind, name = s.name, geom = ST_Multi(s.geom)
FROM staged s
WHERE l.district_id = %(district)s AND l.code = s.code
  AND (l.kind, l.name, l.geom) IS DISTINCT FROM (s.kind, s.name, ST_Multi(s.geom))

-- name: insert_landcover
INSERT INTO landcover (district_id, code, kind, name, geom)
SELECT %(district)s, s.code, s.kind, s.name, ST_Multi(s.geom) FROM staged s
WHERE NOT EXISTS (SELECT FROM landcover l WHERE l.district_id = %(district)s AND l.code = s.code)

-- name: stage_barriers
CREATE TEMP TABLE staged (
    code text, kind text, class text, name text, width_m float8, bridge boolean, tunnel boolean, geom geometry
) ON COMMIT DROP

-- name: update_barriers
UPDATE barrier b
SET kind = s.kind, class = s.class, name = s.name, width_m = s.width_m,
    bridge = COALESCE(s.bridge, false), tunnel = COALESCE(s.tunnel, false), geom = s.geom
FROM staged s
WHERE b.district_id = %(district)s AND b.code = s.code
  AND (b.kind, b.class, b.name, b.width_m, b.bridge, b.tunnel, b.geom)
      IS DISTINCT FROM (s.kind, s.class, s.name, s.width_m, COALESCE(s.bridge, false), COALESCE(s.tunnel, false), s.geom)

-- name: insert_barriers
INSERT INTO barrier (district_id, code, kind, class, name, width_m, bridge, tunnel, geom)
SELECT %(district)s, s.code, s.kind, s.class, s.name, s.width_m,
       COALESCE(s.bridge, false), COALESCE(s.tunnel, false), s.geom
FROM staged s
WHERE NOT EXISTS (SELECT FROM barrier b WHERE b.district_id = %(district)s AND b.code = s.code)

-- ------------------------------------------------------------------------------------------------- buildings
-- name: stage_buildings
CREATE TEMP TABLE staged (
    code text, name text, address text, address_key text, kind text, floors smallint, community_code text,
    compound_code text, geom geometry, raw_x float8, raw_y float8, raw_crs text,
    households integer, people integer, key_persons integer, estimated boolean, as_of date
) ON COMMIT DROP

-- name: update_buildings
UPDATE building b
SET name = s.name, address = s.address, address_key = s.address_key, kind = s.kind, floors = s.floors,
    community_code = s.community_code, compound_code = s.compound_code, geom = s.geom,
    raw_x = s.raw_x, raw_y = s.raw_y, raw_crs = s.raw_crs
FROM staged s
WHERE b.district_id = %(district)s AND b.code = s.code AND upper_inf(b.valid)
  AND (b.name, b.address, b.address_key, b.kind, b.floors, b.community_code, b.compound_code, b.geom,
       b.raw_x, b.raw_y, b.raw_crs)
      IS DISTINCT FROM (s.name, s.address, s.address_key, s.kind, s.floors, s.community_code, s.compound_code, s.geom,
       s.raw_x, s.raw_y, s.raw_crs)

-- name: insert_buildings
INSERT INTO building (district_id, code, name, address, address_key, kind, floors, community_code, compound_code, geom,
                      raw_x, raw_y, raw_crs, valid)
SELECT %(district)s, s.code, s.name, s.address, s.address_key, s.kind, s.floors, s.community_code, s.compound_code,
       s.geom, s.raw_x, s.raw_y, s.raw_crs, tstzrange(%(since)s, NULL)
FROM staged s
WHERE NOT EXISTS (SELECT FROM building b WHERE b.district_id = %(district)s AND b.code = s.code AND upper_inf(b.valid))

-- name: insert_counts
-- Household counts are only ever added: a value that the date already has adds nothing, another one adds a row (the
-- latest recorded counts), and an estimate never takes the place of a count. Counts without a date hold from today;
-- where nothing changed since the latest known, they add nothing.
INSERT INTO household_count (building_id, as_of, households, people, key_persons, estimated, source)
SELECT b.id, COALESCE(s.as_of, %(as_of)s), s.households, s.people, s.key_persons, COALESCE(s.estimated, false),
       %(source)s
FROM staged s
JOIN building b ON b.district_id = %(district)s AND b.code = s.code AND upper_inf(b.valid)
LEFT JOIN LATERAL (
    SELECT h.households, h.people, h.key_persons, h.estimated FROM household_count h
    WHERE h.building_id = b.id AND (h.as_of = s.as_of OR s.as_of IS NULL AND h.as_of <= %(as_of)s)
    ORDER BY h.as_of DESC, h.recorded_at DESC, h.id DESC LIMIT 1
) known ON true
WHERE s.households IS NOT NULL
  AND (known.households, known.people, known.key_persons, known.estimated)
      IS DISTINCT FROM (s.households, s.people, s.key_persons, COALESCE(s.estimated, false))
  AND NOT (COALESCE(s.estimated, false) AND known.estimated IS NOT DISTINCT FROM false)

-- name: stage_households
CREATE TEMP TABLE staged (
    building_code text, households integer, people integer, key_persons integer, as_of date, estimated boolean
) ON COMMIT DROP

-- name: insert_households
-- Counts of buildings that stand already, by the same rules; a count is of the building that stood on its date, one from
-- before there was any of the first.
INSERT INTO household_count (building_id, as_of, households, people, key_persons, estimated, source)
SELECT b.id, COALESCE(s.as_of, %(as_of)s), s.households, s.people, s.key_persons, COALESCE(s.estimated, false),
       %(source)s
FROM staged s
CROSS JOIN LATERAL (
    SELECT b.id FROM building b
    WHERE b.district_id = %(district)s AND b.code = s.building_code AND NOT isempty(b.valid)
      AND NOT b.valid << tstzrange((COALESCE(s.as_of, %(as_of)s)::timestamp AT TIME ZONE %(zone)s), NULL)
    ORDER BY b.valid LIMIT 1
) b
LEFT JOIN LATERAL (
    SELECT h.households, h.people, h.key_persons, h.estimated FROM household_count h
    WHERE h.building_id = b.id AND (h.as_of = s.as_of OR s.as_of IS NULL AND h.as_of <= %(as_of)s)
    ORDER BY h.as_of DESC, h.recorded_at DESC, h.id DESC LIMIT 1
) known ON true
WHERE (known.households, known.people, known.key_persons, known.estimated)
      IS DISTINCT FROM (s.households, s.people, s.key_persons, COALESCE(s.estimated, false))
  AND NOT (COALESCE(s.estimated, false) AND known.estimated IS NOT DISTINCT FROM false)

-- name: set_as_of
-- The date of the newest counts of a district.
UPDATE district d SET as_of = newest.as_of
FROM (SELECT max(h.as_of) AS as_of FROM household_count h JOIN building b ON b.id = h.building_id
      WHERE b.district_id = %(district)s) newest
WHERE d.id = %(district)s AND d.as_of IS DISTINCT FROM newest.as_of

-- ------------------------------------------------------------------------------------------------- parts, events
-- name: stage_parts
CREATE TEMP TABLE staged (
    code text COLLATE "C", class text, class_name text, name text, state text, geom geometry,
    raw_x float8, raw_y float8, raw_crs text, cell_id bigint, how text, distance_m float8
) ON COMMIT DROP

-- name: update_parts
-- Where it lies was found before it was staged.
UPDATE part p
SET class = s.class, class_name = s.class_name, name = s.name, state = s.state, geom = s.geom,
    raw_x = s.raw_x, raw_y = s.raw_y, raw_crs = s.raw_crs,
    cell_id = s.cell_id, how = s.how, distance_m = s.distance_m
FROM staged s
WHERE p.district_id = %(district)s AND p.code = s.code
  AND (p.class, p.class_name, p.name, p.state, p.geom, p.raw_x, p.raw_y, p.raw_crs, p.cell_id, p.how, p.distance_m)
      IS DISTINCT FROM (s.class, s.class_name, s.name, s.state, s.geom, s.raw_x, s.raw_y, s.raw_crs,
       s.cell_id, s.how, s.distance_m)

-- name: insert_parts
INSERT INTO part (district_id, code, class, class_name, name, state, geom, raw_x, raw_y, raw_crs,
                  cell_id, how, distance_m)
SELECT %(district)s, s.code, s.class, s.class_name, s.name, s.state, s.geom,
       s.raw_x, s.raw_y, s.raw_crs, s.cell_id, s.how, s.distance_m
FROM staged s
WHERE NOT EXISTS (SELECT FROM part p WHERE p.district_id = %(district)s AND p.code = s.code)

-- name: stage_events
CREATE TEMP TABLE staged (
    code text COLLATE "C", class text, class_name text, source text, occurred_at timestamptz, address text,
    description text,
    state text, closed_at timestamptz, geom geometry, raw_x float8, raw_y float8, raw_crs text,
    cell_id bigint, duty_cell_id bigint, how text, distance_m float8
) ON COMMIT DROP

-- name: update_events
UPDATE event e
SET class = s.class, class_name = s.class_name, source = s.source, occurred_at = s.occurred_at, address = s.address,
    description = s.description, state = s.state, closed_at = s.closed_at, geom = s.geom,
    raw_x = s.raw_x, raw_y = s.raw_y, raw_crs = s.raw_crs,
    cell_id = s.cell_id, duty_cell_id = s.duty_cell_id, how = s.how, distance_m = s.distance_m
FROM staged s
WHERE e.district_id = %(district)s AND e.code = s.code
  AND (e.class, e.class_name, e.source, e.occurred_at, e.address, e.description, e.state, e.closed_at, e.geom,
       e.raw_x, e.raw_y, e.raw_crs, e.cell_id, e.duty_cell_id, e.how, e.distance_m)
      IS DISTINCT FROM (s.class, s.class_name, s.source, s.occurred_at, s.address, s.description,
       s.state, s.closed_at, s.geom, s.raw_x, s.raw_y, s.raw_crs, s.cell_id, s.duty_cell_id, s.how,
       s.distance_m)

-- name: insert_events
INSERT INTO event (district_id, code, class, class_name, source, occurred_at, address, description, state, closed_at,
                   geom, raw_x, raw_y, raw_crs, cell_id, duty_cell_id, how, distance_m)
SELECT %(district)s, s.code, s.class, s.class_name, s.source, s.occurred_at, s.address, s.description,
       s.state, s.closed_at, s.geom, s.raw_x, s.raw_y, s.raw_crs, s.cell_id, s.duty_cell_id, s.how,
       s.distance_m
FROM staged s
WHERE NOT EXISTS (SELECT FROM event e WHERE e.district_id = %(district)s AND e.code = s.code)

-- ------------------------------------------------------------------------------------------------- workers
-- name: stage_workers
CREATE TEMP TABLE staged (
    code text, name text, phone text, community_code text, grid_code text
) ON COMMIT DROP

-- name: update_workers
UPDATE grid_worker w
SET name = s.name, phone = s.phone, community_code = s.community_code, grid_code = s.grid_code
FROM staged s
WHERE w.district_id = %(district)s AND w.code = s.code
  AND (w.name, w.phone, w.community_code, w.grid_code)
      IS DISTINCT FROM (s.name, s.phone, s.community_code, s.grid_code)

-- name: insert_workers
INSERT INTO grid_worker (district_id, code, name, phone, community_code, grid_code)
SELECT %(district)s, s.code, s.name, s.phone, s.community_code, s.grid_code
FROM staged s
WHERE NOT EXISTS (SELECT FROM grid_worker w WHERE w.district_id = %(district)s AND w.code = s.code)
ORDER BY s.code
