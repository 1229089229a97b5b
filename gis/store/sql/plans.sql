-- Plans over cells, and the grids that a publication puts in force.

-- name: ensure_network
-- The network of community grids; there from the first proposal on.
INSERT INTO network (district_id, code, name, name_en)
VALUES (%(district)s, %(network)s, %(name)s, %(name_en)s)
ON CONFLICT (district_id, code) DO UPDATE SET code = EXCLUDED.code
RETURNING id

-- name: ensure_level
-- Its one level, with the settings of the newest proposal.
INSERT INTO network_level (network_id, level, division_level, code_profile, kind, target, minimum, maximum)
VALUES (%(network)s, 1, 'community', %(profile)s, 'basic', %(target)s, %(minimum)s, %(maximum)s)
ON CONFLICT (network_id, level) DO UPDATE
SET code_profile = EXCLUDED.code_profile, target = EXCLUDED.target, minimum = EXCLUDED.minimum,
    maximum = EXCLUDED.maximum

-- name: network_in_force
-- The network with the number of its newest publication in force or to come, and since when.
SELECT n.id, u.version, u.effective
FROM network n
LEFT JOIN LATERAL (
    SELECT p.version, p.effective FROM publication p
    WHERE p.network_id = n.id AND p.level = 1 ORDER BY p.version DESC LIMIT 1
) u ON true
WHERE n.district_id = %(district)s AND n.code = %(network)s

-- name: discard_drafts
-- A new proposal takes the place of the drafts before it.
UPDATE plan SET status = 'discarded' WHERE network_id = %(network)s AND level = 1 AND status = 'draft'

-- name: insert_plan
INSERT INTO plan (network_id, level, tessellation_id, status, as_of, base_version, created_at, settings, report)
VALUES (%(network)s, 1, %(tessellation)s, 'draft', %(as_of)s, %(base)s, %(now)s, %(settings)s, %(report)s)
RETURNING id

-- name: insert_scope
-- The communities a plan is for: those whose cells it has.
INSERT INTO plan_scope (plan_id, division_id)
SELECT DISTINCT p.plan_id, c.community_id FROM plan_cell p JOIN cell c ON c.id = p.cell_id WHERE p.plan_id = %(plan)s

-- name: newest_draft
SELECT p.id FROM plan p JOIN network n ON n.id = p.network_id
WHERE n.district_id = %(district)s AND n.code = %(network)s AND p.level = 1 AND p.status = 'draft'
ORDER BY p.id DESC LIMIT 1

-- name: plan
-- A plan of a district.
SELECT p.id, p.network_id, p.tessellation_id, p.status, p.as_of, p.base_version, p.settings, p.report
FROM plan p JOIN network n ON n.id = p.network_id
WHERE p.id = %(plan)s AND n.district_id = %(district)s

-- name: plan_cells
SELECT cell_id, grid_code FROM plan_cell WHERE plan_id = %(plan)s ORDER BY cell_id

-- name: published_since
-- Communities of a plan's scope in which another version than its base was published.
SELECT d.code, u.version
FROM plan_scope s
JOIN division d ON d.id = s.division_id
JOIN grid g ON g.division_id = d.id AND g.network_id = %(network)s AND g.level = 1
JOIN publication u ON u.id = g.publication_id
WHERE s.plan_id = %(plan)s AND u.version > COALESCE(%(base)s, 0)
ORDER BY u.version DESC, d.code LIMIT 1

-- name: parts_by_cell
-- Municipal parts by the cell they lie in.
SELECT cell_id, count(*) FROM part WHERE district_id = %(district)s AND cell_id IS NOT NULL GROUP BY cell_id

-- name: insert_publication
INSERT INTO publication (network_id, level, version, plan_id, effective, published_at, published_by, checks)
VALUES (%(network)s, 1, %(version)s, %(plan)s, %(effective)s, %(now)s, %(by)s, %(checks)s)
RETURNING id

-- name: reserve_grid_ids
-- Numbers for grids that are about to be copied.
SELECT nextval('grid_id_seq') FROM generate_series(1, %(n)s)

-- name: scope
-- The communities of a plan by code.
SELECT d.code, d.id FROM plan_scope s JOIN division d ON d.id = s.division_id WHERE s.plan_id = %(plan)s

-- name: insert_memberships
-- Every cell belongs to its grid from the grid's beginning on.
INSERT INTO grid_cell (network_id, level, cell_id, grid_id, valid)
SELECT g.network_id, g.level, p.cell_id, g.id, g.valid
FROM plan_cell p
JOIN grid g ON g.publication_id = %(publication)s AND g.code = p.grid_code
WHERE p.plan_id = %(plan)s

-- name: set_published
UPDATE plan SET status = 'published' WHERE id = %(plan)s
