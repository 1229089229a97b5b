-- Buildings over time, and counts of their households.

-- name: known
-- All buildings that ever stood, with their last count at a date.
SELECT b.id, b.code, lower(b.valid) AS since, upper(b.valid) AS until, ST_AsBinary(b.geom) AS wkb,
       h.households, h.people, h.key_persons, h.estimated
FROM building b
LEFT JOIN LATERAL (
    SELECT n.households, n.people, n.key_persons, n.estimated FROM household_count n
    WHERE n.building_id = b.id AND n.as_of <= %(as_of)s
    ORDER BY n.as_of DESC, n.recorded_at DESC, n.id DESC LIMIT 1
) h ON true
WHERE b.district_id = %(district)s AND NOT isempty(b.valid)
ORDER BY b.code, b.valid

-- name: standing
-- Codes of the buildings that have no end.
SELECT code FROM building WHERE district_id = %(district)s AND upper_inf(valid)

-- name: close
-- Buildings end.
UPDATE building SET valid = valid * tstzrange(NULL, %(effective)s) WHERE id = ANY(%(buildings)s)

-- name: of_counts
-- The building that each staged count is of: the one that stood on its date, else the next one to begin; null where
-- the last one was gone by then. Codes that are not known are left out.
SELECT s.building_code, s.day, s.building_id
FROM (SELECT DISTINCT building_code, COALESCE(as_of, %(as_of)s) AS day, (
          SELECT b.id FROM building b
          WHERE b.district_id = %(district)s AND b.code = staged.building_code AND NOT isempty(b.valid)
            AND NOT b.valid << tstzrange((COALESCE(as_of, %(as_of)s)::timestamp AT TIME ZONE %(zone)s), NULL)
          ORDER BY b.valid LIMIT 1) AS building_id
      FROM staged) s
WHERE EXISTS (SELECT FROM building b WHERE b.district_id = %(district)s AND b.code = s.building_code)

-- name: completeness
-- Buildings of every community with those counted (not estimated) by a date and on it, those of which nothing is known,
-- and the households of the others.
SELECT d.code, d.name, count(*) AS buildings,
       count(*) FILTER (WHERE h.estimated = false) AS counted,
       count(*) FILTER (WHERE h.estimated = false AND h.as_of = %(as_of)s) AS on_date,
       count(*) FILTER (WHERE h.households IS NULL) AS unknown,
       COALESCE(sum(h.households), 0)::bigint AS households,
       COALESCE(sum(h.households) FILTER (WHERE h.estimated), 0)::bigint AS estimated
FROM building b
JOIN LATERAL (
    SELECT d.code, d.name FROM division d
    WHERE d.district_id = b.district_id AND d.level = 'community' AND d.valid @> %(at)s
      AND d.geom && b.geom AND ST_Intersects(d.geom, ST_PointOnSurface(b.geom))
    ORDER BY d.code LIMIT 1
) d ON true
LEFT JOIN LATERAL (
    SELECT n.households, n.estimated, n.as_of FROM household_count n
    WHERE n.building_id = b.id AND n.as_of <= %(as_of)s
    ORDER BY n.as_of DESC, n.recorded_at DESC, n.id DESC LIMIT 1
) h ON true
WHERE b.district_id = %(district)s AND b.valid @> %(at)s
GROUP BY d.code, d.name
ORDER BY d.code
