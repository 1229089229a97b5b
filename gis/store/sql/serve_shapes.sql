-- name: version
-- Version the shapes of a family were made for.
SELECT version FROM display_version WHERE district_id = %(district)s AND layer = %(family)s;

-- name: lock
-- One maker of a district's shapes at a time, until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtext('display_shape'), %(district)s::int);

-- name: divisions
-- Divisions valid at a moment, in web Mercator.
SELECT id, parent_id, level, ST_AsBinary(ST_Transform(geom, 3857)) AS wkb
FROM division WHERE district_id = %(district)s AND valid @> %(now)s ORDER BY id;

-- name: grids
-- Grids in force at a moment, in web Mercator.
SELECT g.id, ST_AsBinary(ST_Transform(g.geom, 3857)) AS wkb
FROM grid g JOIN network n ON n.id = g.network_id
WHERE n.district_id = %(district)s AND n.code = 'community' AND g.level = 1 AND g.valid @> %(now)s ORDER BY g.id;

-- name: clear
-- Forget the shapes of some layers.
DELETE FROM display_shape WHERE district_id = %(district)s AND layer = ANY(%(layers)s);

-- name: add
-- Shapes, in bulk.
COPY display_shape (district_id, layer, max_zoom, feature_id, level, geom) FROM STDIN;

-- name: done
-- The shapes of a family are now those of this version.
INSERT INTO display_version (district_id, layer, version) VALUES (%(district)s, %(family)s, %(version)s)
ON CONFLICT (district_id, layer) DO UPDATE SET version = excluded.version;
