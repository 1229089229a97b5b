-- name: by_code
-- A district by its code.
SELECT id, code, name, time_zone, metric_crs, as_of FROM district WHERE code = %(code)s

-- name: codes
-- Codes of all districts.
SELECT code FROM district ORDER BY code

-- name: bounding_divisions
-- Divisions now valid: what new data must fit.
SELECT v.code, v.name, v.level, ST_AsBinary(v.geom) AS wkb
FROM division v WHERE v.district_id = %(district)s AND upper_inf(v.valid) ORDER BY v.level, v.code

-- name: bounding_buildings
-- Buildings that ever stood.
SELECT code, ST_AsBinary(geom) AS wkb FROM building
WHERE district_id = %(district)s AND NOT isempty(valid) ORDER BY code, valid

-- name: bounding_streets
-- Streets at ground level.
SELECT ST_AsBinary(geom) AS wkb FROM barrier
WHERE district_id = %(district)s AND kind = 'street' AND NOT bridge AND NOT tunnel ORDER BY code

-- name: summaries
-- Every district with the size of what it holds; grids are those of the community network, households those of the
-- buildings that are counted or estimated.
SELECT d.code, d.name,
       (SELECT count(*) FROM building b WHERE b.district_id = d.id AND b.valid @> %(at)s),
       COALESCE(h.counted, 0), COALESCE(h.households, 0), COALESCE(h.estimated, 0),
       (SELECT count(*) FROM grid g JOIN network n ON n.id = g.network_id
        WHERE n.district_id = d.id AND n.code = 'community' AND g.level = 1 AND g.valid @> %(at)s),
       (SELECT count(*) FROM part p WHERE p.district_id = d.id),
       (SELECT count(*) FROM event e WHERE e.district_id = d.id),
       u.version, u.effective
FROM district d
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE NOT l.estimated) AS counted, sum(l.households)::bigint AS households,
           sum(l.households) FILTER (WHERE l.estimated)::bigint AS estimated
    FROM (SELECT DISTINCT ON (h.building_id) h.households, h.estimated
          FROM household_count h JOIN building b ON b.id = h.building_id
          WHERE b.district_id = d.id AND b.valid @> %(at)s
            AND h.as_of <= (%(at)s::timestamptz AT TIME ZONE d.time_zone)::date
          ORDER BY h.building_id, h.as_of DESC, h.recorded_at DESC, h.id DESC) l
) h ON true
LEFT JOIN LATERAL (
    SELECT p.version, p.effective FROM publication p JOIN network n ON n.id = p.network_id
    WHERE n.district_id = d.id AND n.code = 'community' AND p.level = 1 AND p.effective <= %(at)s AND p.withdrawn_at IS NULL
    ORDER BY p.effective DESC, p.version DESC LIMIT 1
) u ON true
ORDER BY d.code

-- name: remove_events
DELETE FROM event WHERE district_id = %(district)s

-- name: remove_parts
DELETE FROM part WHERE district_id = %(district)s

-- name: remove
-- Everything else goes by the owner's cascade.
DELETE FROM district WHERE id = %(district)s

-- name: in_force_since
-- When the first grids of a district took effect; null where none ever did.
SELECT min(u.effective)
FROM publication u JOIN network n ON n.id = u.network_id JOIN district d ON d.id = n.district_id
WHERE d.code = %(code)s AND u.withdrawn_at IS NULL
