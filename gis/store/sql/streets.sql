-- Streets with their home cells: read, derived anew, and changed by a planner.

-- name: rule
-- Whether the network goes by duty or by geometry.
SELECT street_rule FROM network WHERE district_id = %(district)s AND code = %(network)s

-- name: named
-- What an answer tells of streets.
SELECT id, code, kind, class, name, cell_id AS cell, person FROM street WHERE id = ANY(%(ids)s)

-- name: barriers
-- Lines of streets, for segments and crossings.
SELECT code, kind, class, name, width_m, bridge, tunnel, ST_AsBinary(geom) AS wkb
FROM barrier WHERE district_id = %(district)s AND kind = 'street' ORDER BY code

-- name: open
-- Streets of some communities (all where null) that have no end yet.
SELECT id, community_id, code, class, name, half_width_m, cell_id, person, lower(valid) AS since,
       ST_AsBinary(geom) AS wkb
FROM street
WHERE district_id = %(district)s AND NOT isempty(valid) AND upper_inf(valid)
  AND (%(communities)s::bigint[] IS NULL OR community_id = ANY(%(communities)s))
ORDER BY code, community_id

-- name: forget
-- Streets of cells that no publication stands on.
DELETE FROM street WHERE district_id = %(district)s

-- name: drop
-- Streets that had not begun.
DELETE FROM street WHERE id = ANY(%(ids)s)

-- name: end
-- A street ends; one that would have begun later is valid at no time.
UPDATE street SET valid = valid * tstzrange(NULL, %(moment)s) WHERE id = ANY(%(ids)s)

-- name: begun
-- Streets that were to begin at a moment in some communities.
SELECT id FROM street
WHERE district_id = %(district)s AND community_id = ANY(%(communities)s) AND lower(valid) = %(moment)s

-- name: ended
-- Streets that were to end at a moment in some communities.
SELECT id FROM street s
WHERE district_id = %(district)s AND community_id = ANY(%(communities)s) AND upper(valid) = %(moment)s

-- name: reopen
UPDATE street SET valid = tstzrange(lower(valid), NULL) WHERE id = ANY(%(ids)s)

-- name: insert
-- A planner's choice: the same street with another home for a period.
INSERT INTO street (district_id, community_id, code, kind, class, name, half_width_m, cell_id, person, reason, geom, valid)
SELECT district_id, community_id, code, kind, class, name, half_width_m, %(cell)s, %(person)s, %(reason)s, geom,
       tstzrange(%(since)s, %(until)s)
FROM street WHERE id = %(id)s
RETURNING id

-- name: later
-- The row of a street at a moment and those after it, in their order, with whether a cell may be the home from there on.
SELECT s.id, lower(s.valid) AS since, upper(s.valid) AS until,
       EXISTS (SELECT FROM cell c LEFT JOIN cell_community o ON o.cell_id = c.id AND o.valid @> m.moment
               WHERE c.id = %(cell)s AND c.valid @> m.moment
                 AND COALESCE(o.community_id, c.community_id) = s.community_id) AS fits
FROM street s
CROSS JOIN LATERAL (SELECT GREATEST(lower(s.valid), %(moment)s) AS moment) m
WHERE s.district_id = %(district)s AND s.code = %(code)s AND s.community_id = %(community)s
  AND s.valid && tstzrange(%(moment)s, NULL)
ORDER BY s.valid

-- name: card
-- A street at a moment with the grid its home cell belongs to, whoever chose it, and how long it is.
SELECT s.id, s.code, s.kind, s.class, s.name, s.half_width_m, s.cell_id, s.person, s.reason,
       lower(s.valid) AS since, v.code AS community_code, v.name AS community_name, s.community_id,
       g.id AS grid_id, g.code AS grid_code, g.name AS grid_name, g.colour,
       ST_Length(s.geom::geography) AS length_m,
       ARRAY[ST_X(p.p), ST_Y(p.p)] AS center,
       ARRAY[ST_XMin(s.geom), ST_YMin(s.geom), ST_XMax(s.geom), ST_YMax(s.geom)] AS bbox
FROM street s
JOIN division v ON v.id = s.community_id
CROSS JOIN LATERAL (SELECT CASE WHEN s.kind = 'crossing' THEN s.geom ELSE ST_LineInterpolatePoint(s.geom, 0.5) END AS p) p
LEFT JOIN grid_cell m ON m.cell_id = s.cell_id AND m.valid @> %(at)s AND m.level = %(level)s
     AND m.network_id = (SELECT id FROM network WHERE district_id = %(district)s AND code = %(network)s)
LEFT JOIN grid g ON g.id = m.grid_id
WHERE s.district_id = %(district)s AND s.valid @> %(at)s
  AND (s.code, s.community_id) = (SELECT o.code, o.community_id FROM street o
                                  WHERE o.id = %(id)s AND o.district_id = %(district)s)

-- name: homes
-- Every home a street had or will have, the newest first.
SELECT s.cell_id, s.person, s.reason, lower(s.valid) AS since, upper(s.valid) AS until, g.code AS grid_code
FROM street s
LEFT JOIN grid_cell m ON m.cell_id = s.cell_id AND m.level = %(level)s
     AND m.network_id = (SELECT id FROM network WHERE district_id = %(district)s AND code = %(network)s)
     AND m.valid @> COALESCE(lower(s.valid), %(at)s)
LEFT JOIN grid g ON g.id = m.grid_id
WHERE s.district_id = %(district)s AND s.code = %(code)s AND s.community_id = %(community)s AND NOT isempty(s.valid)
ORDER BY s.valid DESC

-- name: shape
SELECT half_width_m, ST_AsBinary(geom) AS wkb FROM street WHERE id = %(id)s

-- name: communities_of_cells
SELECT DISTINCT community_id FROM cell WHERE id = ANY(%(cells)s)
UNION SELECT community_id FROM cell_community WHERE cell_id = ANY(%(cells)s)
ORDER BY 1

-- name: find
-- The rows of a street by its code at a moment, one for each community.
SELECT s.id, v.code AS community_code FROM street s JOIN division v ON v.id = s.community_id
WHERE s.district_id = %(district)s AND s.code = %(code)s AND s.valid @> %(at)s ORDER BY v.code

-- name: cells_beside
-- Cells at a moment of a street's community within some degrees of it, with their grids: the choice a planner has.
SELECT c.id, g.id AS grid_id, g.code AS grid_code, g.name AS grid_name, g.colour, ST_AsBinary(c.geom) AS wkb
FROM street s
JOIN cell c ON c.geom && ST_Expand(s.geom, %(degrees)s) AND c.valid @> %(at)s
LEFT JOIN cell_community o ON o.cell_id = c.id AND o.valid @> %(at)s
JOIN grid_cell m ON m.cell_id = c.id AND m.valid @> %(at)s AND m.level = %(level)s
     AND m.network_id = (SELECT id FROM network WHERE district_id = %(district)s AND code = %(network)s)
JOIN grid g ON g.id = m.grid_id
WHERE s.id = %(id)s AND COALESCE(o.community_id, c.community_id) = s.community_id
ORDER BY c.id

-- name: cell
-- A cell of a district at a moment with its community then.
SELECT c.id, COALESCE(o.community_id, c.community_id) AS community_id
FROM cell c JOIN tessellation t ON t.id = c.tessellation_id
LEFT JOIN cell_community o ON o.cell_id = c.id AND o.valid @> %(at)s
WHERE c.id = %(cell)s AND t.district_id = %(district)s AND c.valid @> %(at)s

-- name: summary
-- How many segments and crossings a district has at a moment, in how many rows (one for each community), and how many
-- homes a person chose.
SELECT count(DISTINCT code) FILTER (WHERE kind = 'segment') AS segments,
       count(DISTINCT code) FILTER (WHERE kind = 'crossing') AS crossings,
       count(*) AS homes, count(*) FILTER (WHERE person IS NOT NULL) AS chosen,
       (SELECT count(*) FROM event WHERE district_id = %(district)s AND how = 'street') AS events_on_streets,
       (SELECT count(*) FROM event WHERE district_id = %(district)s AND duty_cell_id IS NOT NULL) AS events_with_duty
FROM street WHERE district_id = %(district)s AND valid @> %(at)s

-- name: chosen
-- Homes that a person chose.
SELECT s.code, v.code AS community_code, s.name, s.cell_id, s.person, s.reason, lower(s.valid) AS since
FROM street s JOIN division v ON v.id = s.community_id
WHERE s.district_id = %(district)s AND s.valid @> %(at)s AND s.person IS NOT NULL
ORDER BY s.code, v.code
