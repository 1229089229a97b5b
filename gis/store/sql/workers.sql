-- name: unposted
-- Workers without a grid now, with the grid they name, in the order of their codes.
SELECT w.id, w.code, w.name, w.grid_code, w.community_code
FROM grid_worker w
WHERE w.district_id = %(district)s
  AND NOT EXISTS (SELECT FROM posting p WHERE p.worker_id = w.id AND p.valid @> %(at)s)
ORDER BY w.code

-- name: grids_to_staff
-- Grids in force in code order, with the code of their community and whether somebody is posted.
SELECT g.id, g.code, d.code AS community_code, lower(g.valid) AS since,
       EXISTS (SELECT FROM posting p WHERE p.grid_id = g.id AND p.valid @> %(at)s) AS staffed
FROM grid g
JOIN network n ON n.id = g.network_id
JOIN division d ON d.id = g.division_id
WHERE n.district_id = %(district)s AND n.code = %(network)s AND g.level = %(level)s AND g.valid @> %(at)s
ORDER BY g.code

-- name: insert_posting
-- A worker answers for a grid from a moment on, as long as its code goes on: in the version of now and in those to come.
INSERT INTO posting (worker_id, grid_id, role, valid)
SELECT %(worker)s, v.id, 'grid_worker', v.valid * tstzrange(%(since)s, NULL)
FROM grid g
JOIN grid v ON v.network_id = g.network_id AND v.level = g.level AND v.code = g.code
WHERE g.id = %(grid)s AND v.valid && tstzrange(%(since)s, NULL)
