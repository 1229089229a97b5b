-- name: postgis_version
-- Version of PostGIS, proof that the database answers.
SELECT postgis_lib_version() AS version;

-- name: districts
-- Codes of all districts, in order.
SELECT code FROM district ORDER BY code;

-- name: time_zone
-- Time zone of a district: what a bare date means.
SELECT time_zone FROM district WHERE code = %(code)s;

-- name: district
-- One district at a moment, in one level of one of its networks. `written` changes with everything written to it: an
-- import, a tessellation, a publication, or the version of a layer. What is in force at the moment is told by counts of
-- what began and ended up to then.
SELECT d.id, d.code, d.name, d.name_en, d.time_zone, d.metric_crs, d.crs_note, d.as_of,
       n.id AS network_id, n.code AS network, coalesce(n.street_rule = 'duty', false) AS duty,
       l.level, l.division_level, l.code_profile, l.target, l.minimum, l.maximum,
       p.id AS publication_id, p.version, p.effective, p.plan_id,
       v.base, v.divisions, v.grids,
       concat_ws('-', v.every,
           (SELECT count(*) || '.' || coalesce(max(i.id), 0) FROM import_run i WHERE i.district_id = d.id),
           (SELECT coalesce(max(t.id), 0) FROM tessellation t WHERE t.district_id = d.id)) AS written,
       (SELECT count(*) FROM publication c JOIN network m ON m.id = c.network_id
        WHERE m.district_id = d.id AND c.effective <= %(at)s AND c.withdrawn_at IS NULL) AS publications,
       (SELECT count(*) FILTER (WHERE lower(x.valid) <= %(at)s) + count(*) FILTER (WHERE upper(x.valid) <= %(at)s)
        FROM division x WHERE x.district_id = d.id) AS division_changes,
       (SELECT count(*) FROM building b
        WHERE b.district_id = d.id AND lower(b.valid) <= %(at)s AND NOT lower_inf(b.valid))
     + (SELECT count(*) FROM building b
        WHERE b.district_id = d.id AND upper(b.valid) <= %(at)s AND NOT upper_inf(b.valid)) AS building_changes,
       (SELECT count(*) FROM street s
        WHERE s.district_id = d.id AND upper(s.valid) <= %(at)s AND NOT upper_inf(s.valid)) AS street_changes,
       (SELECT max(e.occurred_at) FROM event e WHERE e.district_id = d.id AND e.occurred_at <= %(at)s) AS last_event
FROM district d
LEFT JOIN network n ON n.district_id = d.id AND n.code = %(network)s
LEFT JOIN network_level l ON l.network_id = n.id
     AND l.level = coalesce(%(level)s::int, (SELECT min(m.level) FROM network_level m WHERE m.network_id = n.id))
LEFT JOIN LATERAL (
    SELECT * FROM publication c
    WHERE c.network_id = n.id AND c.level = l.level AND c.effective <= %(at)s AND c.withdrawn_at IS NULL
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

-- name: versions
-- Publications of a level of a network that stand, the newest first, with what each changed.
SELECT p.version, p.effective, p.published_at, p.published_by, l.title,
       coalesce(jsonb_array_length(p.report -> 'opened'), 0)          AS opened,
       coalesce(jsonb_array_length(p.report -> 'new_codes'), 0)       AS new_codes,
       coalesce(jsonb_array_length(p.report -> 'kept_codes'), 0)      AS kept_codes,
       coalesce(jsonb_array_length(p.report -> 'withdrawn_codes'), 0) AS withdrawn_codes
FROM publication p JOIN plan l ON l.id = p.plan_id
WHERE p.network_id = %(network)s AND p.level = %(level)s AND p.withdrawn_at IS NULL
ORDER BY p.effective DESC, p.version DESC;

-- name: counted_on
-- Date of the newest household counts of a district up to a date.
SELECT max(h.as_of) AS as_of FROM household_count h JOIN building b ON b.id = h.building_id
WHERE b.district_id = %(district)s AND h.as_of <= %(on)s;

-- name: extent
-- West, south, east and north of a district: of its divisions, else of its buildings.
SELECT ST_XMin(b) AS west, ST_YMin(b) AS south, ST_XMax(b) AS east, ST_YMax(b) AS north
FROM (SELECT coalesce(
          (SELECT ST_Extent(geom) FROM division WHERE district_id = %(district)s AND valid @> %(at)s),
          (SELECT ST_Extent(geom) FROM building WHERE district_id = %(district)s AND valid @> %(at)s)) AS b) e;

-- name: counts
-- How much of everything a district holds, and the households that lie in no grid in force.
WITH latest AS (
    SELECT DISTINCT ON (h.building_id) h.building_id, h.households, h.people, h.estimated
    FROM household_count h JOIN building b ON b.id = h.building_id
    WHERE b.district_id = %(district)s AND b.valid @> %(at)s AND h.as_of <= %(on)s
    ORDER BY h.building_id, h.as_of DESC, h.recorded_at DESC, h.id DESC
), covered AS (
    SELECT DISTINCT bc.building_id
    FROM grid_cell gc JOIN building_cell bc ON bc.cell_id = gc.cell_id
    WHERE gc.network_id = %(network)s AND gc.level = %(level)s AND gc.valid @> %(at)s
)
SELECT coalesce(sum(l.households), 0)::bigint                              AS households,
       coalesce(sum(l.households) FILTER (WHERE l.estimated), 0)::bigint   AS estimated_households,
       coalesce(sum(l.people), 0)::bigint                                  AS people,
       coalesce(sum(l.households) FILTER (WHERE c.building_id IS NULL), 0)::bigint AS households_outside,
       (SELECT count(*) FROM building WHERE district_id = %(district)s AND valid @> %(at)s) AS buildings,
       (SELECT count(*) FROM grid WHERE network_id = %(network)s AND level = %(level)s AND valid @> %(at)s) AS grids,
       (SELECT count(*) FROM part WHERE district_id = %(district)s)        AS parts,
       (SELECT count(*) FROM event WHERE district_id = %(district)s AND occurred_at <= %(last_event)s) AS events,
       (SELECT count(*) FROM event
        WHERE district_id = %(district)s AND geom IS NULL AND occurred_at <= %(last_event)s) AS unlocated_events,
       (SELECT count(*) FROM grid_worker WHERE district_id = %(district)s) AS workers
FROM latest l LEFT JOIN covered c USING (building_id);

-- name: divisions
-- Divisions valid at a moment, parents first. Where the parent written down is not valid then, it is the one of its
-- level that is and holds the division.
SELECT v.id, v.level, v.code, v.name, v.name_en,
       CASE WHEN u.id IS NULL OR u.valid @> %(at)s THEN u.id ELSE (
           SELECT o.id FROM division o
           WHERE o.district_id = %(district)s AND o.level = u.level AND o.valid @> %(at)s AND ST_Covers(o.geom, c.p)
           ORDER BY o.id LIMIT 1
       ) END AS parent_id,
       ARRAY[ST_XMin(v.geom), ST_YMin(v.geom), ST_XMax(v.geom), ST_YMax(v.geom)] AS bbox,
       ARRAY[ST_X(c.p), ST_Y(c.p)] AS center
FROM division v LEFT JOIN division u ON u.id = v.parent_id
CROSS JOIN LATERAL (SELECT ST_PointOnSurface(v.geom) AS p) c
WHERE v.district_id = %(district)s AND v.valid @> %(at)s
ORDER BY CASE v.level WHEN 'district' THEN 0 WHEN 'subdistrict' THEN 1 ELSE 2 END, v.code;

-- name: community_loads
-- Loads by community where no grid tells them: by the cells at a moment, of several makings the newest; a building in
-- no cell by its own word.
WITH latest AS (
    SELECT DISTINCT ON (h.building_id) h.building_id, b.community_code, h.households, h.people, h.estimated
    FROM household_count h JOIN building b ON b.id = h.building_id
    WHERE b.district_id = %(district)s AND b.valid @> %(at)s AND h.as_of <= %(on)s
    ORDER BY h.building_id, h.as_of DESC, h.recorded_at DESC, h.id DESC
), stands AS (
    SELECT DISTINCT ON (bc.building_id) bc.building_id, coalesce(o.community_id, c.community_id) AS community_id
    FROM tessellation t JOIN building_cell bc ON bc.tessellation_id = t.id
    JOIN cell c ON c.id = bc.cell_id AND c.valid @> %(at)s
    LEFT JOIN cell_community o ON o.cell_id = c.id AND o.valid @> %(at)s
    WHERE t.district_id = %(district)s
    ORDER BY bc.building_id, t.id DESC
), loads AS (
    SELECT v.id, sum(l.households) AS households, sum(l.people) AS people,
           sum(l.households) FILTER (WHERE l.estimated) AS estimated_households
    FROM latest l
    LEFT JOIN stands s USING (building_id)
    JOIN division v ON v.district_id = %(district)s AND v.valid @> %(at)s AND v.level = 'community'
         AND CASE WHEN s.community_id IS NULL THEN v.code = l.community_code ELSE v.id = s.community_id END
    GROUP BY v.id
), parts AS (
    SELECT coalesce(o.community_id, c.community_id) AS id, count(*) AS parts
    FROM part p LEFT JOIN part_cell h ON h.part_id = p.id AND h.valid @> %(at)s
    JOIN cell c ON c.id = CASE WHEN h.part_id IS NULL THEN p.cell_id ELSE h.cell_id END
    LEFT JOIN cell_community o ON o.cell_id = c.id AND o.valid @> %(at)s
    WHERE p.district_id = %(district)s
    GROUP BY 1
), events AS (
    SELECT coalesce(o.community_id, c.community_id) AS id, count(*) AS events
    FROM event e LEFT JOIN event_cell h ON h.event_id = e.id AND h.valid @> %(at)s
    JOIN cell c ON c.id = coalesce(
        CASE WHEN %(duty)s THEN CASE WHEN h.event_id IS NULL THEN e.duty_cell_id ELSE h.duty_cell_id END END,
        CASE WHEN h.event_id IS NULL THEN e.cell_id ELSE h.cell_id END)
    LEFT JOIN cell_community o ON o.cell_id = c.id AND o.valid @> %(at)s
    WHERE e.district_id = %(district)s AND e.occurred_at >= %(since)s AND e.occurred_at < %(until)s
      AND e.occurred_at <= %(last_event)s
    GROUP BY 1
)
SELECT v.id AS division_id,
       coalesce(loads.households, 0)::bigint           AS households,
       coalesce(loads.estimated_households, 0)::bigint AS estimated_households,
       coalesce(loads.people, 0)::bigint               AS people,
       coalesce(parts.parts, 0)                        AS parts,
       coalesce(events.events, 0)                      AS events_year
FROM division v LEFT JOIN loads USING (id) LEFT JOIN parts USING (id) LEFT JOIN events USING (id)
WHERE v.district_id = %(district)s AND v.valid @> %(at)s AND v.level = 'community';

-- name: grids
-- Grids in force at a moment with their loads: households by the counts of then, parts, one year's events regrouped,
-- workers. A grid whose division ended before it was cut anew is counted in the one that holds most of its cells.
WITH g AS (
    SELECT * FROM grid
    WHERE network_id = %(network)s AND level = %(level)s AND valid @> %(at)s
), c AS MATERIALIZED (
    SELECT gc.grid_id, gc.cell_id FROM grid_cell gc
    WHERE gc.network_id = %(network)s AND gc.level = %(level)s AND gc.valid @> %(at)s
), latest AS (
    SELECT DISTINCT ON (h.building_id) h.building_id, h.households, h.people, h.estimated
    FROM household_count h JOIN building b ON b.id = h.building_id
    WHERE b.district_id = %(district)s AND b.valid @> %(at)s AND h.as_of <= %(on)s
    ORDER BY h.building_id, h.as_of DESC, h.recorded_at DESC, h.id DESC
), loads AS (
    SELECT c.grid_id, count(*) AS buildings,
           sum(l.households) AS households, sum(l.people) AS people, count(l.people) AS people_counted,
           sum(l.households) FILTER (WHERE l.estimated) AS estimated_households
    FROM c JOIN building_cell bc USING (cell_id)
    JOIN building b ON b.id = bc.building_id AND b.valid @> %(at)s
    LEFT JOIN latest l ON l.building_id = bc.building_id
    GROUP BY c.grid_id
), parts AS (
    SELECT c.grid_id, count(*) AS parts
    FROM part p LEFT JOIN part_cell h ON h.part_id = p.id AND h.valid @> %(at)s
    JOIN c ON c.cell_id = CASE WHEN h.part_id IS NULL THEN p.cell_id ELSE h.cell_id END
    WHERE p.district_id = %(district)s
    GROUP BY c.grid_id
), events AS (
    SELECT c.grid_id, count(*) AS events
    FROM event e LEFT JOIN event_cell h ON h.event_id = e.id AND h.valid @> %(at)s
    JOIN c ON c.cell_id = coalesce(
        CASE WHEN %(duty)s THEN CASE WHEN h.event_id IS NULL THEN e.duty_cell_id ELSE h.duty_cell_id END END,
        CASE WHEN h.event_id IS NULL THEN e.cell_id ELSE h.cell_id END)
    WHERE e.district_id = %(district)s AND e.occurred_at >= %(since)s AND e.occurred_at < %(until)s
      AND e.occurred_at <= %(last_event)s
    GROUP BY c.grid_id
), moved AS (  -- grids whose division is no longer, or not yet, valid
    SELECT c.grid_id, mode() WITHIN GROUP (ORDER BY coalesce(o.community_id, k.community_id)) AS community_id
    FROM g JOIN division d ON d.id = g.division_id AND NOT d.valid @> %(at)s
    JOIN c ON c.grid_id = g.id JOIN cell k ON k.id = c.cell_id
    LEFT JOIN cell_community o ON o.cell_id = k.id AND o.valid @> %(at)s
    GROUP BY c.grid_id
), counted AS (
    SELECT m.grid_id, coalesce(u.id, m.community_id) AS division_id
    FROM moved m JOIN g ON g.id = m.grid_id JOIN division d ON d.id = g.division_id
    LEFT JOIN LATERAL (
        SELECT o.id FROM division k JOIN division o ON o.district_id = k.district_id AND o.level = d.level
        WHERE k.id = m.community_id AND o.valid @> %(at)s AND ST_Covers(o.geom, ST_PointOnSurface(k.geom))
        ORDER BY o.id LIMIT 1
    ) u ON true
), workers AS (
    SELECT p.grid_id, count(*) AS workers FROM posting p JOIN g ON g.id = p.grid_id
    WHERE p.valid @> %(at)s GROUP BY p.grid_id
)
SELECT g.id, g.code, g.name, g.kind, v.id AS division_id, v.code AS community_code, v.name AS community_name,
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
FROM g LEFT JOIN counted ON counted.grid_id = g.id
JOIN division v ON v.id = coalesce(counted.division_id, g.division_id)
CROSS JOIN LATERAL (SELECT ST_PointOnSurface(g.geom) AS p) s
LEFT JOIN loads ON loads.grid_id = g.id
LEFT JOIN parts ON parts.grid_id = g.id
LEFT JOIN events ON events.grid_id = g.id
LEFT JOIN workers ON workers.grid_id = g.id
ORDER BY g.code;

-- name: events_then
-- Events of a period by the code of the grid that was in force when each happened; no code where there was none.
SELECT g.code, count(*) AS events
FROM event e LEFT JOIN event_cell h ON h.event_id = e.id AND h.valid @> e.occurred_at
LEFT JOIN grid_cell gc ON gc.cell_id = coalesce(
        CASE WHEN %(duty)s THEN CASE WHEN h.event_id IS NULL THEN e.duty_cell_id ELSE h.duty_cell_id END END,
        CASE WHEN h.event_id IS NULL THEN e.cell_id ELSE h.cell_id END)
     AND gc.network_id = %(network)s AND gc.level = %(level)s AND gc.valid @> e.occurred_at
LEFT JOIN grid g ON g.id = gc.grid_id
WHERE e.district_id = %(district)s AND e.geom IS NOT NULL AND e.occurred_at >= %(since)s AND e.occurred_at < %(until)s
  AND e.occurred_at <= %(last_event)s
GROUP BY g.code;

-- name: event_classes
-- Classes of events up to a moment, most frequent first; where a source has no class codes, its class names stand for
-- them.
SELECT coalesce(class, class_name) AS class, mode() WITHIN GROUP (ORDER BY class_name) AS class_name, count(*) AS count
FROM event WHERE district_id = %(district)s AND occurred_at <= %(last_event)s
GROUP BY coalesce(class, class_name) ORDER BY count DESC, 1;

-- name: part_classes
-- Classes of parts, most frequent first; where a source has no class codes, its class names stand for them.
SELECT coalesce(class, class_name) AS class, mode() WITHIN GROUP (ORDER BY class_name) AS class_name, count(*) AS count
FROM part WHERE district_id = %(district)s
GROUP BY coalesce(class, class_name) ORDER BY count DESC, 1;

-- name: event_period
-- First and last event up to a moment.
SELECT min(occurred_at) AS first, max(occurred_at) AS last
FROM event WHERE district_id = %(district)s AND occurred_at <= %(last_event)s;

-- name: plan_report
-- What was written down with the plan in force.
SELECT report, settings, as_of FROM plan WHERE id = %(plan)s;
