-- Networks of grids: what they are, what is in force in them, and how their levels lie in each other.

-- name: insert
INSERT INTO network (district_id, code, name, name_en, street_rule)
VALUES (%(district)s, %(code)s, %(name)s, %(name_en)s, %(street_rule)s)
ON CONFLICT (district_id, code) DO NOTHING
RETURNING id

-- name: insert_level
INSERT INTO network_level (network_id, level, division_level, code_profile, kind, target, minimum, maximum)
VALUES (%(network)s, %(level)s, %(division_level)s, %(code_profile)s, %(kind)s, %(target)s, %(minimum)s, %(maximum)s)

-- name: levels
-- Every level of the networks of a district (or of one), in the order they were added.
SELECT n.id, n.code, n.name, n.name_en, n.street_rule,
       l.level, l.division_level, l.kind, l.code_profile, l.target, l.minimum, l.maximum
FROM network n JOIN network_level l ON l.network_id = n.id
WHERE n.district_id = %(district)s AND (%(network)s::text IS NULL OR n.code = %(network)s)
ORDER BY n.id, l.level

-- name: in_force
-- What is in force in each level at a moment: its newest version and since when, and how many grids there are.
SELECT n.code, l.level, u.version, u.effective,
       (SELECT count(*) FROM grid g WHERE g.network_id = n.id AND g.level = l.level AND g.valid @> %(at)s) AS grids
FROM network n
JOIN network_level l ON l.network_id = n.id
LEFT JOIN LATERAL (
    SELECT p.version, p.effective FROM publication p
    WHERE p.network_id = n.id AND p.level = l.level AND p.effective <= %(at)s AND p.withdrawn_at IS NULL
    ORDER BY p.effective DESC, p.version DESC LIMIT 1
) u ON true
WHERE n.district_id = %(district)s
ORDER BY n.id, l.level

-- name: divisions
-- Code of the division of a level that each of some cells lies in, by cell number; null where there is none.
SELECT c.id, CASE %(level)s WHEN d.level THEN d.code WHEN e.level THEN e.code WHEN f.level THEN f.code END AS code
FROM cell c
JOIN division d ON d.id = c.community_id
LEFT JOIN division e ON e.id = d.parent_id
LEFT JOIN division f ON f.id = e.parent_id
WHERE c.id = ANY(%(cells)s::bigint[])
ORDER BY c.id

-- name: communities_within
-- Communities that lie in some divisions, or are these.
SELECT d.id FROM division d
LEFT JOIN division e ON e.id = d.parent_id
LEFT JOIN division f ON f.id = e.parent_id
WHERE d.level = 'community'
  AND (d.id = ANY(%(divisions)s) OR e.id = ANY(%(divisions)s) OR f.id = ANY(%(divisions)s))
ORDER BY d.id

-- name: grid_of_cells
-- Grid of each of some cells in a level from the last publication on, by cell number; cells without one are left out.
SELECT m.cell_id, g.code
FROM grid_cell m JOIN grid g ON g.id = m.grid_id
WHERE m.network_id = %(network)s AND m.level = %(level)s AND upper_inf(m.valid) AND m.cell_id = ANY(%(cells)s::bigint[])
ORDER BY m.cell_id

-- name: links
-- Pairs of cells that the published plans of a level held connected, of which one is among some cells.
SELECT DISTINCT (k->>0)::bigint, (k->>1)::bigint
FROM plan p
JOIN publication u ON u.plan_id = p.id AND u.withdrawn_at IS NULL
CROSS JOIN LATERAL jsonb_array_elements(p.report->'links') k
WHERE p.network_id = %(network)s AND p.level = %(level)s AND (k->>0)::bigint = ANY(%(cells)s::bigint[])
ORDER BY 1, 2

-- name: shapes_in_plan
-- Cells of some grids of a plan whose grids may reach over the borders of communities.
SELECT c.id, d.code AS community_id, t.metric_crs, ST_AsBinary(c.geom) AS wkb
FROM plan a
JOIN network n ON n.id = a.network_id
JOIN district t ON t.id = n.district_id
JOIN network_level l ON l.network_id = a.network_id AND l.level = a.level AND l.division_level <> 'community'
JOIN plan_cell p ON p.plan_id = a.id
JOIN cell c ON c.id = p.cell_id
JOIN division d ON d.id = c.community_id
WHERE a.id = %(plan)s AND p.grid_code = ANY(%(keys)s)
ORDER BY c.id

-- name: tree
-- Grids of a network at a moment with the grid of the level above that holds most of each, and the households of a date.
WITH members AS (
    SELECT m.level, m.grid_id, m.cell_id, c.area_m2
    FROM grid_cell m JOIN cell c ON c.id = m.cell_id
    WHERE m.network_id = %(network)s AND m.valid @> %(at)s::timestamptz
), parents AS (
    SELECT DISTINCT ON (f.grid_id) f.grid_id, p.grid_id AS parent
    FROM members f JOIN members p ON p.cell_id = f.cell_id AND p.level = f.level - 1
    GROUP BY f.grid_id, p.grid_id
    ORDER BY f.grid_id, sum(f.area_m2) DESC, p.grid_id
), loads AS (
    SELECT m.grid_id, sum(h.households)::bigint AS households
    FROM members m
    JOIN building_cell k ON k.cell_id = m.cell_id
    JOIN building b ON b.id = k.building_id AND b.valid @> %(at)s::timestamptz
    CROSS JOIN LATERAL (
        SELECT c.households FROM household_count c
        WHERE c.building_id = k.building_id AND c.as_of <= %(as_of)s
        ORDER BY c.as_of DESC, c.recorded_at DESC, c.id DESC LIMIT 1
    ) h
    GROUP BY m.grid_id
)
SELECT g.level, g.code, g.name, g.kind, d.code AS division, u.code AS parent, COALESCE(l.households, 0) AS households,
       g.area_m2
FROM grid g
JOIN division d ON d.id = g.division_id
LEFT JOIN parents p ON p.grid_id = g.id
LEFT JOIN grid u ON u.id = p.parent
LEFT JOIN loads l ON l.grid_id = g.id
WHERE g.network_id = %(network)s AND g.valid @> %(at)s::timestamptz
ORDER BY g.level, g.code
