-- name: base
-- The base map of one tile: land cover, compounds, barriers and buildings, thinned by zoom (the caller says how).
WITH bounds AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS tile,
           ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.015625), 4490) AS reach
), landcover_tile AS (
    SELECT l.id, l.kind, l.name,
           ST_AsMVTGeom(ST_Simplify(ST_Transform(l.geom, 3857), %(tolerance)s, true), b.tile, 4096, 64) AS geom
    FROM landcover l, bounds b
    WHERE l.district_id = %(district)s AND l.geom && b.reach
      AND greatest(ST_XMax(l.geom) - ST_XMin(l.geom), ST_YMax(l.geom) - ST_YMin(l.geom)) >= %(least)s
), compounds_tile AS (
    SELECT c.id, c.code, c.name,
           ST_AsMVTGeom(ST_Simplify(ST_Transform(c.geom, 3857), %(tolerance)s, true), b.tile, 4096, 64) AS geom
    FROM compound c, bounds b
    WHERE %(compounds)s AND c.district_id = %(district)s AND c.geom && b.reach
), barriers_tile AS (
    SELECT s.id, s.kind, s.class, s.name, s.bridge, s.tunnel,
           ST_AsMVTGeom(ST_Simplify(ST_Transform(s.geom, 3857), %(tolerance)s, true), b.tile, 4096, 64) AS geom
    FROM barrier s, bounds b
    WHERE s.district_id = %(district)s AND s.geom && b.reach
      AND (s.kind = ANY(%(kinds)s) OR (s.kind = 'street' AND coalesce(s.class, 'residential') = ANY(%(classes)s)))
), buildings_near AS (
    SELECT h.id, h.code, h.name, h.kind, h.geom
    FROM building h, bounds b
    WHERE %(buildings)s AND h.district_id = %(district)s AND h.geom && b.reach AND h.valid @> %(at)s
      AND (ST_Dimension(h.geom) = 0
           OR (ST_XMax(h.geom) - ST_XMin(h.geom)) * (ST_YMax(h.geom) - ST_YMin(h.geom)) >= %(least_box)s)
), buildings_tile AS (
    SELECT h.id, h.kind,
           CASE WHEN %(names)s THEN h.code END AS code,
           CASE WHEN %(names)s THEN h.name END AS name,
           n.households, n.estimated,
           ST_AsMVTGeom(ST_Transform(h.geom, 3857), b.tile, 4096, 64) AS geom
    FROM buildings_near h CROSS JOIN bounds b
    LEFT JOIN LATERAL (
        SELECT c.households, nullif(c.estimated, false) AS estimated FROM household_count c
        WHERE %(loads)s AND c.building_id = h.id AND c.as_of <= %(on)s
        ORDER BY c.as_of DESC, c.recorded_at DESC, c.id DESC LIMIT 1
    ) n ON true
)
SELECT (SELECT coalesce(ST_AsMVT(t, 'landcover', 4096, 'geom', 'id'), '') FROM landcover_tile t WHERE geom IS NOT NULL)
    || (SELECT coalesce(ST_AsMVT(t, 'compounds', 4096, 'geom', 'id'), '') FROM compounds_tile t WHERE geom IS NOT NULL)
    || (SELECT coalesce(ST_AsMVT(t, 'barriers', 4096, 'geom', 'id'), '') FROM barriers_tile t WHERE geom IS NOT NULL)
    || (SELECT coalesce(ST_AsMVT(t, 'buildings', 4096, 'geom', 'id'), '') FROM buildings_tile t WHERE geom IS NOT NULL)
    AS tile;

-- name: divisions
-- Divisions, their borders (each once) and their labels (each in one tile alone); no row where the version's shapes are
-- not there.
WITH bounds AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS tile,
           ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.015625) AS reach
), shapes AS (
    SELECT s.layer, s.feature_id, s.level, s.geom, b.tile
    FROM display_shape s, bounds b
    WHERE s.district_id = %(district)s AND s.version = %(version)s AND s.geom && b.reach
      AND (s.layer IN ('divisions', 'division_lines') AND s.max_zoom = %(shape_zoom)s
           OR s.layer = 'division_labels' AND ST_X(ST_Centroid(s.geom)) >= ST_XMin(b.tile)
              AND ST_X(ST_Centroid(s.geom)) < ST_XMax(b.tile) AND ST_Y(ST_Centroid(s.geom)) >= ST_YMin(b.tile)
              AND ST_Y(ST_Centroid(s.geom)) < ST_YMax(b.tile))
), named AS (
    SELECT v.id, v.level, v.code, v.name, v.name_en, s.layer, ST_AsMVTGeom(s.geom, s.tile, 4096, 64) AS geom
    FROM shapes s JOIN division v ON v.id = s.feature_id WHERE s.layer <> 'division_lines'
), areas AS (
    SELECT id, level, code, name, name_en, geom FROM named WHERE layer = 'divisions' AND geom IS NOT NULL
), labels AS (
    SELECT id, level, code, name, name_en, geom FROM named WHERE layer = 'division_labels' AND geom IS NOT NULL
), lines AS (
    SELECT level, ST_AsMVTGeom(geom, tile, 4096, 64) AS geom FROM shapes WHERE layer = 'division_lines'
)
SELECT (SELECT coalesce(ST_AsMVT(t, 'divisions', 4096, 'geom', 'id'), '') FROM areas t)
    || (SELECT coalesce(ST_AsMVT(t, 'division_lines', 4096, 'geom'), '') FROM lines t WHERE geom IS NOT NULL)
    || (SELECT coalesce(ST_AsMVT(t, 'division_labels', 4096, 'geom', 'id'), '') FROM labels t) AS tile
WHERE EXISTS (SELECT FROM display_version
              WHERE district_id = %(district)s AND layer = 'divisions' AND version = %(version)s);

-- name: grids
-- Grids in force and their labels (each in one tile alone); the caller knows the households of the grids it wants named.
-- No row where the version's shapes are not there.
WITH bounds AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS tile,
           ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.015625) AS reach
), areas AS (
    SELECT g.id, g.code, right(g.code, %(serial)s) AS serial, g.name, g.colour, array_to_string(
               ARRAY(SELECT jsonb_array_elements_text(g.flags)), ',') AS flags,
           ST_AsMVTGeom(s.geom, b.tile, 4096, 64) AS geom
    FROM display_shape s JOIN grid g ON g.id = s.feature_id, bounds b
    WHERE s.district_id = %(district)s AND s.layer = 'grids' AND s.version = %(version)s
      AND s.max_zoom = %(shape_zoom)s AND s.geom && b.reach
), labels AS (
    SELECT g.id, g.code, right(g.code, %(serial)s) AS serial, n.households, ST_AsMVTGeom(s.geom, b.tile, 4096, 64) AS geom
    FROM display_shape s JOIN grid g ON g.id = s.feature_id CROSS JOIN bounds b
    JOIN unnest(%(ids)s::bigint[], %(households)s::bigint[]) AS n(id, households) ON n.id = g.id
    WHERE s.district_id = %(district)s AND s.layer = 'grid_labels' AND s.version = %(version)s AND s.geom && b.tile
      AND ST_X(s.geom) >= ST_XMin(b.tile) AND ST_X(s.geom) < ST_XMax(b.tile)
      AND ST_Y(s.geom) >= ST_YMin(b.tile) AND ST_Y(s.geom) < ST_YMax(b.tile)
)
SELECT (SELECT coalesce(ST_AsMVT(t, 'grids', 4096, 'geom', 'id'), '') FROM areas t WHERE geom IS NOT NULL)
    || (SELECT coalesce(ST_AsMVT(t, 'grid_labels', 4096, 'geom', 'id'), '') FROM labels t WHERE geom IS NOT NULL)
    AS tile
WHERE EXISTS (SELECT FROM display_version
              WHERE district_id = %(district)s AND layer = 'grids' AND version = %(version)s);

-- name: parts_count
-- How many parts lie in a tile, counted no further than asked.
SELECT count(*) AS count FROM (
    SELECT FROM part p WHERE p.district_id = %(district)s
      AND p.geom && ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4490)
      AND (%(class)s::text IS NULL OR coalesce(p.class, p.class_name) = %(class)s)
    LIMIT %(limit)s
) t;

-- name: parts
-- The parts of one tile; one on the edge is in one tile alone.
WITH bounds AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS tile, ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4490) AS reach
), near AS (
    SELECT p.id, p.code, coalesce(p.class, p.class_name) AS class, p.class_name, p.state,
           ST_AsMVTGeom(ST_Transform(p.geom, 3857), b.tile, 4096, 0) AS geom
    FROM part p, bounds b
    WHERE p.district_id = %(district)s AND p.geom && b.reach
      AND ST_X(p.geom) < ST_XMax(b.reach) AND ST_Y(p.geom) > ST_YMin(b.reach)
      AND (%(class)s::text IS NULL OR coalesce(p.class, p.class_name) = %(class)s)
)
SELECT coalesce(ST_AsMVT(t, 'parts', 4096, 'geom', 'id'), '') AS tile FROM near t WHERE geom IS NOT NULL;

-- name: parts_binned
-- The parts of one tile gathered on a lattice of bins, each in the middle of its own.
WITH bounds AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS tile, ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4490) AS reach
), bins AS (
    SELECT count(*)::int AS count, avg(ST_X(p.geom)) AS lon, avg(ST_Y(p.geom)) AS lat
    FROM part p, bounds b
    WHERE p.district_id = %(district)s AND p.geom && b.reach
      AND ST_X(p.geom) < ST_XMax(b.reach) AND ST_Y(p.geom) > ST_YMin(b.reach)
      AND (%(class)s::text IS NULL OR coalesce(p.class, p.class_name) = %(class)s)
    GROUP BY floor((ST_X(p.geom) - ST_XMin(b.reach)) / (ST_XMax(b.reach) - ST_XMin(b.reach)) * %(bins)s),
             floor((ST_Y(p.geom) - ST_YMin(b.reach)) / (ST_YMax(b.reach) - ST_YMin(b.reach)) * %(bins)s)
), placed AS (
    SELECT i.count, ST_AsMVTGeom(ST_Transform(ST_SetSRID(ST_MakePoint(i.lon, i.lat), 4490), 3857), b.tile, 4096, 0) AS geom
    FROM bins i, bounds b
)
SELECT coalesce(ST_AsMVT(t, 'parts_binned', 4096, 'geom'), '') AS tile FROM placed t WHERE geom IS NOT NULL;

-- name: events_count
-- How many events of a class and period lie in a tile, counted no further than asked.
SELECT count(*) AS count FROM (
    SELECT FROM event e WHERE e.district_id = %(district)s AND e.occurred_at <= %(last_event)s
      AND e.geom && ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4490)
      AND (%(class)s::text IS NULL OR coalesce(e.class, e.class_name) = %(class)s)
      AND (%(since)s::timestamptz IS NULL OR e.occurred_at >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR e.occurred_at < %(until)s)
    LIMIT %(limit)s
) t;

-- name: events
-- The events of one tile; one on the edge is in one tile alone.
WITH bounds AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS tile, ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4490) AS reach
), near AS (
    SELECT e.id, coalesce(e.class, e.class_name) AS class, e.class_name, e.how,
           to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS occurred_at,
           ST_AsMVTGeom(ST_Transform(e.geom, 3857), b.tile, 4096, 0) AS geom
    FROM event e, bounds b
    WHERE e.district_id = %(district)s AND e.occurred_at <= %(last_event)s AND e.geom && b.reach
      AND ST_X(e.geom) < ST_XMax(b.reach) AND ST_Y(e.geom) > ST_YMin(b.reach)
      AND (%(class)s::text IS NULL OR coalesce(e.class, e.class_name) = %(class)s)
      AND (%(since)s::timestamptz IS NULL OR e.occurred_at >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR e.occurred_at < %(until)s)
)
SELECT coalesce(ST_AsMVT(t, 'events', 4096, 'geom', 'id'), '') AS tile FROM near t WHERE geom IS NOT NULL;

-- name: events_binned
-- The events of one tile gathered on a lattice of bins, each in the middle of its own.
WITH bounds AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS tile, ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4490) AS reach
), bins AS (
    SELECT count(*)::int AS count, avg(ST_X(e.geom)) AS lon, avg(ST_Y(e.geom)) AS lat
    FROM event e, bounds b
    WHERE e.district_id = %(district)s AND e.occurred_at <= %(last_event)s AND e.geom && b.reach
      AND ST_X(e.geom) < ST_XMax(b.reach) AND ST_Y(e.geom) > ST_YMin(b.reach)
      AND (%(class)s::text IS NULL OR coalesce(e.class, e.class_name) = %(class)s)
      AND (%(since)s::timestamptz IS NULL OR e.occurred_at >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR e.occurred_at < %(until)s)
    GROUP BY floor((ST_X(e.geom) - ST_XMin(b.reach)) / (ST_XMax(b.reach) - ST_XMin(b.reach)) * %(bins)s),
             floor((ST_Y(e.geom) - ST_YMin(b.reach)) / (ST_YMax(b.reach) - ST_YMin(b.reach)) * %(bins)s)
), placed AS (
    SELECT i.count, ST_AsMVTGeom(ST_Transform(ST_SetSRID(ST_MakePoint(i.lon, i.lat), 4490), 3857), b.tile, 4096, 0) AS geom
    FROM bins i, bounds b
)
SELECT coalesce(ST_AsMVT(t, 'events_binned', 4096, 'geom'), '') AS tile FROM placed t WHERE geom IS NOT NULL;

-- name: parts_lattice
-- All parts of a class on a fine lattice of degrees: far tiles are gathered from it without another scan.
SELECT count(*)::int AS count, avg(ST_X(p.geom)) AS lon, avg(ST_Y(p.geom)) AS lat
FROM part p
WHERE p.district_id = %(district)s AND p.geom IS NOT NULL
  AND (%(class)s::text IS NULL OR coalesce(p.class, p.class_name) = %(class)s)
GROUP BY floor(ST_X(p.geom) / %(step)s), floor(ST_Y(p.geom) / %(step)s);

-- name: events_lattice
-- All events of a class and period on a fine lattice of degrees: far tiles are gathered from it without another scan.
SELECT count(*)::int AS count, avg(ST_X(e.geom)) AS lon, avg(ST_Y(e.geom)) AS lat
FROM event e
WHERE e.district_id = %(district)s AND e.occurred_at <= %(last_event)s AND e.geom IS NOT NULL
  AND (%(class)s::text IS NULL OR coalesce(e.class, e.class_name) = %(class)s)
  AND (%(since)s::timestamptz IS NULL OR e.occurred_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR e.occurred_at < %(until)s)
GROUP BY floor(ST_X(e.geom) / %(step)s), floor(ST_Y(e.geom) / %(step)s);

-- name: heaps
-- A tile of heaps that were gathered already.
WITH placed AS (
    SELECT h.count, ST_AsMVTGeom(ST_Transform(ST_SetSRID(ST_MakePoint(h.lon, h.lat), 4490), 3857),
                                 ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 64) AS geom
    FROM unnest(%(counts)s::int[], %(lons)s::float8[], %(lats)s::float8[]) AS h(count, lon, lat)
)
SELECT coalesce(ST_AsMVT(t, %(source_layer)s, 4096, 'geom'), '') AS tile FROM placed t WHERE geom IS NOT NULL;

-- name: streets
-- Streets of one tile with the grid their home cell belongs to: near by as carriageways, each side of a community border
-- as its own; far as lines.
WITH bounds AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS tile,
           ST_Transform(ST_Expand(ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 60), 4490) AS reach
), rows AS (
    SELECT s.*, count(*) OVER (PARTITION BY s.code) AS sides, ST_Transform(s.geom, 3857) AS line,
           ST_Buffer(ST_Transform(s.geom, 3857), s.half_width_m / cos(radians(ST_Y(ST_Centroid(b.reach)))),
                     CASE s.kind WHEN 'segment' THEN 'endcap=flat' ELSE '' END) AS way
    FROM street s, bounds b
    WHERE s.district_id = %(district)s AND s.valid @> %(at)s AND s.geom && b.reach
      AND (%(wide)s OR s.kind = 'segment')
), sides AS MATERIALIZED (
    SELECT v.id, ST_Transform(v.geom, 3857) AS geom FROM division v
    WHERE %(wide)s AND v.id IN (SELECT community_id FROM rows WHERE sides > 1)
), drawn AS (
    SELECT r.id, r.code, r.kind, r.class, r.name, r.person IS NOT NULL AS chosen, r.half_width_m,
           g.code AS grid, g.name AS grid_name, g.colour,
           ST_AsMVTGeom(CASE WHEN NOT %(wide)s THEN r.line
                             WHEN v.id IS NULL THEN r.way
                             ELSE ST_Intersection(r.way, v.geom) END,
                        b.tile, 4096, 64) AS geom
    FROM rows r CROSS JOIN bounds b
    LEFT JOIN sides v ON v.id = r.community_id AND r.sides > 1
    LEFT JOIN grid_cell m ON m.cell_id = r.cell_id AND m.network_id = %(network)s AND m.level = %(level)s
         AND m.valid @> %(at)s
    LEFT JOIN grid g ON g.id = m.grid_id
    ORDER BY r.kind DESC, r.half_width_m, r.id
)
SELECT coalesce(ST_AsMVT(t, 'streets', 4096, 'geom', 'id'), '') AS tile FROM drawn t WHERE geom IS NOT NULL;
