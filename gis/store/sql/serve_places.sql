-- name: postgis_version
-- Version of PostGIS, proof that the database answers.
SELECT postgis_lib_version() AS version;

-- name: districts
-- Codes of all districts, in order.
SELECT code FROM district ORDER BY code;

-- name: district
-- One district with its network, the publication in force at a moment, and everything that makes up its content
-- version: whatever writes to a district adds an import, a tessellation or a publication, or bumps a layer.
SELECT d.id, d.code, d.name, d.name_en, d.time_zone, d.metric_crs, d.crs_note, d.as_of,
       n.id AS network_id, l.level, l.code_profile, l.target, l.minimum, l.maximum,
       p.id AS publication_id, p.version, p.effective, p.plan_id,
       v.base, v.divisions, v.grids, v.every,
       (SELECT count(*) FROM publication c
        WHERE c.network_id = n.id AND c.level = l.level AND c.effective <= %(now)s AND c.withdrawn_at IS NULL) AS in_force,
       (SELECT count(*) || '.' || coalesce(max(i.id), 0) FROM import_run i WHERE i.district_id = d.id) AS imports,
       (SELECT coalesce(max(t.id), 0) FROM tessellation t WHERE t.district_id = d.id) AS tessellation,
       (SELECT max(e.occurred_at) FROM event e WHERE e.district_id = d.id) AS last_event
FROM district d
LEFT JOIN network n ON n.district_id = d.id AND n.code = 'community'
LEFT JOIN network_level l ON l.network_id = n.id AND l.level = 1
LEFT JOIN LATERAL (
    SELECT * FROM publication c
    WHERE c.network_id = n.id AND c.level = l.level AND c.effective <= %(now)s AND c.withdrawn_at IS NULL
    ORDER BY c.effective DESC, c.version DESC LIMIT 1
) p ON true
CROSS JOIN LATERAL (
    SELECT coalesce(max(version) FILTER (WHERE layer = 'base'), 0)      AS base,
           coalesce(max(version) FILTER (WHERE layer = 'divisions'), 0) AS divisions,
           coalesce(max(version) FILTER (WHERE layer = 'grids'), 0)     AS grids,
           coalesce(sum(version), 0)::bigint                            AS every
    FROM layer_version WHERE district_id = d.id
) v
WHERE d.code = %(code)s;

-- name: extent
-- West, south, east and north of a district: of its divisions, else of its buildings.
SELECT ST_XMin(b) AS west, ST_YMin(b) AS south, ST_XMax(b) AS east, ST_YMax(b) AS north
FROM (SELECT coalesce(
          (SELECT ST_Extent(geom) FROM division WHERE district_id = %(district)s AND valid @> %(now)s),
          (SELECT ST_Extent(geom) FROM building WHERE district_id = %(district)s AND valid @> %(now)s)) AS b) e;

-- name: counts
-- How much of everything a district holds, and the households that lie in no grid in force.
WITH latest AS (
    SELECT DISTINCT ON (h.building_id) h.building_id, h.households, h.people, h.estimated
    FROM household_count h JOIN building b ON b.id = h.building_id
    WHERE b.district_id = %(district)s AND b.valid @> %(now)s AND h.as_of <= %(as_of)s
    ORDER BY h.building_id, h.as_of DESC, h.recorded_at DESC, h.id DESC
), covered AS (
    SELECT DISTINCT bc.building_id
    FROM grid_cell gc JOIN building_cell bc ON bc.cell_id = gc.cell_id
    WHERE gc.network_id = %(network)s AND gc.level = %(level)s AND gc.valid @> %(now)s
)
SELECT coalesce(sum(l.households), 0)::bigint                              AS households,
       coalesce(sum(l.households) FILTER (WHERE l.estimated), 0)::bigint   AS estimated_households,
       coalesce(sum(l.people), 0)::bigint                                  AS people,
       coalesce(sum(l.households) FILTER (WHERE c.building_id IS NULL), 0)::bigint AS households_outside,
       (SELECT count(*) FROM building WHERE district_id = %(district)s AND valid @> %(now)s) AS buildings,
       (SELECT count(*) FROM grid WHERE network_id = %(network)s AND level = %(level)s AND valid @> %(now)s) AS grids,
       (SELECT count(*) FROM part WHERE district_id = %(district)s)        AS parts,
       (SELECT count(*) FROM event WHERE district_id = %(district)s)       AS events,
       (SELECT count(*) FROM event WHERE district_id = %(district)s AND geom IS NULL) AS unlocated_events,
       (SELECT count(*) FROM grid_worker WHERE district_id = %(district)s) AS workers
FROM latest l LEFT JOIN covered c USING (building_id);

-- name: divisions
-- Divisions valid at a moment, parents first.
SELECT v.id, v.level, v.code, v.name, v.name_en, v.parent_id,
       ARRAY[ST_XMin(v.geom), ST_YMin(v.geom), ST_XMax(v.geom), ST_YMax(v.geom)] AS bbox,
       ARRAY[ST_X(c.p), ST_Y(c.p)] AS center
FROM division v CROSS JOIN LATERAL (SELECT ST_PointOnSurface(v.geom) AS p) c
WHERE v.district_id = %(district)s AND v.valid @> %(now)s
ORDER BY CASE v.level WHEN 'district' THEN 0 WHEN 'subdistrict' THEN 1 ELSE 2 END, v.code;

-- name: community_loads
-- Households and people by community where no grids are in force: by the newest cells, else by the building's own word.
WITH latest AS (
    SELECT DISTINCT ON (h.building_id) h.building_id, b.community_code, h.households, h.people, h.estimated
    FROM household_count h JOIN building b ON b.id = h.building_id
    WHERE b.district_id = %(district)s AND b.valid @> %(now)s AND h.as_of <= %(as_of)s
    ORDER BY h.building_id, h.as_of DESC, h.recorded_at DESC, h.id DESC
)
SELECT v.id AS division_id,
       coalesce(sum(l.households), 0)::bigint                            AS households,
       coalesce(sum(l.households) FILTER (WHERE l.estimated), 0)::bigint AS estimated_households,
       coalesce(sum(l.people), 0)::bigint                                AS people
FROM latest l
LEFT JOIN building_cell bc ON bc.building_id = l.building_id
      AND bc.tessellation_id = (SELECT max(id) FROM tessellation WHERE district_id = %(district)s)
LEFT JOIN cell ON cell.id = bc.cell_id
JOIN division v ON v.district_id = %(district)s AND v.valid @> %(now)s AND v.level = 'community'
     AND CASE WHEN cell.id IS NULL THEN v.code = l.community_code ELSE v.id = cell.community_id END
GROUP BY v.id;

-- name: grids
-- Grids in force at a moment with their loads: households by the latest counts, parts, one year's events, workers.
WITH g AS (
    SELECT * FROM grid
    WHERE network_id = %(network)s AND level = %(level)s AND valid @> %(now)s
), c AS MATERIALIZED (
    SELECT gc.grid_id, gc.cell_id FROM grid_cell gc
    WHERE gc.network_id = %(network)s AND gc.level = %(level)s AND gc.valid @> %(now)s
), latest AS (
    SELECT DISTINCT ON (h.building_id) h.building_id, h.households, h.people, h.estimated
    FROM household_count h JOIN building b ON b.id = h.building_id
    WHERE b.district_id = %(district)s AND b.valid @> %(now)s AND h.as_of <= %(as_of)s
    ORDER BY h.building_id, h.as_of DESC, h.recorded_at DESC, h.id DESC
), loads AS (
    SELECT c.grid_id, count(*) AS buildings,
           sum(l.households) AS households, sum(l.people) AS people, count(l.people) AS people_counted,
           sum(l.households) FILTER (WHERE l.estimated) AS estimated_households
    FROM c JOIN building_cell bc USING (cell_id)
    JOIN building b ON b.id = bc.building_id AND b.valid @> %(now)s
    LEFT JOIN latest l ON l.building_id = bc.building_id
    GROUP BY c.grid_id
), parts AS (
    SELECT c.grid_id, count(*) AS parts FROM c JOIN part p USING (cell_id) GROUP BY c.grid_id
), events AS (
    SELECT c.grid_id, count(*) AS events
    FROM c JOIN event e USING (cell_id)
    WHERE e.occurred_at >= %(since)s AND e.occurred_at < %(until)s
    GROUP BY c.grid_id
), workers AS (
    SELECT p.grid_id, count(*) AS workers FROM posting p JOIN g ON g.id = p.grid_id
    WHERE p.valid @> %(now)s GROUP BY p.grid_id
)
SELECT g.id, g.code, g.name, g.kind, g.division_id, v.code AS community_code, v.name AS community_name,
       coalesce(loads.households, 0)::bigint           AS households,
       coalesce(loads.estimated_households, 0)::bigint AS estimated_households,
       coalesce(loads.people, 0)::bigint               AS people,
       coalesce(loads.people_counted, 0)               AS people_counted,
       coalesce(loads.buildings, 0)                    AS buildings,
       coalesce(parts.parts, 0)                        AS parts,
       coalesce(events.events, 0)                      AS events_year,
       g.area_m2, ST_Perimeter(g.geom::geography) AS perimeter_m, g.flags, coalesce(workers.workers, 0) AS workers,
       ARRAY[ST_XMin(g.geom), ST_YMin(g.geom), ST_XMax(g.geom), ST_YMax(g.geom)] AS bbox,
       ARRAY[ST_X(s.p), ST_Y(s.p)] AS center
FROM g JOIN division v ON v.id = g.division_id
CROSS JOIN LATERAL (SELECT ST_PointOnSurface(g.geom) AS p) s
LEFT JOIN loads ON loads.grid_id = g.id
LEFT JOIN parts ON parts.grid_id = g.id
LEFT JOIN events ON events.grid_id = g.id
LEFT JOIN workers ON workers.grid_id = g.id
ORDER BY g.code;

-- name: event_classes
-- Classes of events, most frequent first; where a source has no class codes, its class names stand for them.
SELECT coalesce(class, class_name) AS class, mode() WITHIN GROUP (ORDER BY class_name) AS class_name, count(*) AS count
FROM event WHERE district_id = %(district)s
GROUP BY coalesce(class, class_name) ORDER BY count DESC, 1;

-- name: part_classes
-- Classes of parts, most frequent first; where a source has no class codes, its class names stand for them.
SELECT coalesce(class, class_name) AS class, mode() WITHIN GROUP (ORDER BY class_name) AS class_name, count(*) AS count
FROM part WHERE district_id = %(district)s
GROUP BY coalesce(class, class_name) ORDER BY count DESC, 1;

-- name: event_period
-- First and last event.
SELECT min(occurred_at) AS first, max(occurred_at) AS last FROM event WHERE district_id = %(district)s;

-- name: plan_report
-- What was written down with the plan in force.
SELECT report, settings, as_of FROM plan WHERE id = %(plan)s;
