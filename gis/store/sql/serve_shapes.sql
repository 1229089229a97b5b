-- name: version
-- Whether the shapes of a family are there for a version.
SELECT version FROM display_version
WHERE district_id = %(district)s AND layer = %(family)s AND version = %(version)s;

-- name: lock
-- One maker of a district's shapes at a time, until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtext('display_shape'), %(district)s::int);

-- name: divisions
-- Divisions valid at a moment, in web Mercator; parents as in serve_places.divisions.
SELECT v.id,
       CASE WHEN u.id IS NULL OR u.valid @> %(at)s THEN u.id ELSE (
           SELECT o.id FROM division o
           WHERE o.district_id = %(district)s AND o.level = u.level AND o.valid @> %(at)s
             AND ST_Covers(o.geom, ST_PointOnSurface(v.geom))
           ORDER BY o.id LIMIT 1
       ) END AS parent_id,
       v.level, ST_AsBinary(ST_Transform(v.geom, 3857)) AS wkb
FROM division v LEFT JOIN division u ON u.id = v.parent_id
WHERE v.district_id = %(district)s AND v.valid @> %(at)s ORDER BY v.id;

-- name: grids
-- Grids in force at a moment, in web Mercator.
SELECT id, ST_AsBinary(ST_Transform(geom, 3857)) AS wkb
FROM grid WHERE network_id = %(network)s AND level = %(level)s AND valid @> %(at)s ORDER BY id;

-- name: old
-- Versions of a family but for the newest ones.
SELECT version FROM display_version WHERE district_id = %(district)s AND layer = %(family)s
ORDER BY made_at DESC, version OFFSET %(kept)s;

-- name: clear
-- Forget the shapes of some versions.
DELETE FROM display_shape
WHERE district_id = %(district)s AND layer = ANY(%(layers)s) AND version = ANY(%(versions)s);

-- name: forget
-- Forget that some versions were made.
DELETE FROM display_version
WHERE district_id = %(district)s AND layer = %(family)s AND version = ANY(%(versions)s);

-- name: add
-- Shapes, in bulk.
COPY display_shape (district_id, layer, version, max_zoom, feature_id, level, geom) FROM STDIN;

-- name: done
-- The shapes of a version are there.
INSERT INTO display_version (district_id, layer, version, made_at)
VALUES (%(district)s, %(family)s, %(version)s, clock_timestamp());
