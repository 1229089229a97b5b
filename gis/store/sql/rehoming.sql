-- Who answers for open events, and what went to another grid when a publication took effect.

-- name: due
-- Publications that took effect and whose open events were not seen to yet, in the order in which they did.
SELECT u.id, d.code, u.effective
FROM publication u JOIN network n ON n.id = u.network_id JOIN district d ON d.id = n.district_id
WHERE u.rehomed_at IS NULL AND u.withdrawn_at IS NULL AND u.effective <= %(now)s
  AND (%(district)s::text IS NULL OR d.code = %(district)s)
ORDER BY u.effective, u.id

-- name: free_district
-- Like imports.lock_district, but nobody waits: no row where the district is being written.
SELECT id FROM district WHERE code = %(code)s FOR NO KEY UPDATE SKIP LOCKED

-- name: move_events
-- Open events go to the grid that answers at a moment; where that has another code, or other workers, it is written
-- down, with the publication or the street's new home that did it. Where they lie then is in event_cell while a later
-- change of cells is known already; a street's home cell answers where the network's rule says so.
WITH answer AS (
    SELECT e.id, e.grid_id AS from_grid, m.grid_id AS to_grid
    FROM event e
    JOIN network n ON n.district_id = e.district_id AND n.code = %(network)s
    LEFT JOIN event_cell h ON h.event_id = e.id AND h.valid @> %(at)s::timestamptz
    CROSS JOIN LATERAL (
        SELECT CASE WHEN h.event_id IS NULL THEN e.cell_id ELSE h.cell_id END AS cell,
               CASE WHEN n.street_rule <> 'duty' THEN NULL
                    WHEN h.event_id IS NULL THEN e.duty_cell_id ELSE h.duty_cell_id END AS duty
    ) lies
    LEFT JOIN grid_cell m ON m.cell_id = COALESCE(lies.duty, lies.cell) AND m.network_id = n.id
         AND m.level = %(level)s AND m.valid @> %(at)s::timestamptz
    WHERE e.district_id = %(district)s AND e.state = 'open'
      AND (%(ids)s::bigint[] IS NULL OR e.id = ANY(%(ids)s::bigint[]))
), moved AS (
    UPDATE event e SET grid_id = a.to_grid FROM answer a
    WHERE e.id = a.id AND a.from_grid IS DISTINCT FROM a.to_grid
    RETURNING e.id, a.from_grid, a.to_grid
), told AS (
    SELECT m.id, m.from_grid, m.to_grid, f.code AS from_code, t.code AS to_code,
           (SELECT string_agg(w.name, ', ' ORDER BY w.code) FROM posting p JOIN grid_worker w ON w.id = p.worker_id
            WHERE p.grid_id = m.from_grid
              AND p.valid && tstzrange(%(at)s::timestamptz - interval '1 ms', %(at)s)) AS from_workers,
           (SELECT string_agg(w.name, ', ' ORDER BY w.code) FROM posting p JOIN grid_worker w ON w.id = p.worker_id
            WHERE p.grid_id = m.to_grid AND p.valid @> %(at)s::timestamptz) AS to_workers
    FROM moved m LEFT JOIN grid f ON f.id = m.from_grid LEFT JOIN grid t ON t.id = m.to_grid
)
INSERT INTO event_move (event_id, publication_id, street_id, from_grid, to_grid, from_workers, to_workers, at)
SELECT id, %(publication)s::bigint, %(street)s::bigint, from_grid, to_grid, from_workers, to_workers, %(now)s
FROM told WHERE (from_code, from_workers) IS DISTINCT FROM (to_code, to_workers)

-- name: set_rehomed
UPDATE publication SET rehomed_at = %(now)s WHERE id = %(publication)s

-- name: answer_new
-- Open events that were just written get the grid that answers now; where they lie now is told as in move_events.
UPDATE event e SET grid_id = m.grid_id
FROM event o
JOIN network n ON n.district_id = o.district_id AND n.code = %(network)s
LEFT JOIN event_cell h ON h.event_id = o.id AND h.valid @> %(now)s::timestamptz
LEFT JOIN grid_cell m ON m.cell_id = COALESCE(
          CASE WHEN n.street_rule <> 'duty' THEN NULL
               WHEN h.event_id IS NULL THEN o.duty_cell_id ELSE h.duty_cell_id END,
          CASE WHEN h.event_id IS NULL THEN o.cell_id ELSE h.cell_id END)
     AND m.network_id = n.id AND m.level = %(level)s AND m.valid @> %(now)s::timestamptz
WHERE o.district_id = %(district)s AND o.code = ANY(%(codes)s) AND o.state = 'open' AND e.id = o.id
  AND e.grid_id IS DISTINCT FROM m.grid_id

-- name: moved
-- What a plan moved when it took effect: from whom to whom.
SELECT v.event_id AS id, e.code, e.class_name, e.occurred_at, e.address, e.state, v.at,
       f.code AS from_grid, f.name AS from_name, v.from_workers, t.code AS to_grid, t.name AS to_name, v.to_workers
FROM event_move v
JOIN publication u ON u.id = v.publication_id
JOIN event e ON e.id = v.event_id
LEFT JOIN grid f ON f.id = v.from_grid
LEFT JOIN grid t ON t.id = v.to_grid
WHERE u.plan_id = %(plan)s
ORDER BY f.code NULLS FIRST, t.code NULLS LAST, e.occurred_at, v.id

-- name: moved_along
-- What went to another grid each time a street of a community got another home: from whom to whom, who said so and why.
SELECT e.code, e.class_name, e.occurred_at, e.address, e.state, v.at, s.person, s.reason,
       f.code AS from_grid, v.from_workers, t.code AS to_grid, v.to_workers
FROM street a
JOIN street s ON s.district_id = a.district_id AND s.code = a.code AND s.community_id = a.community_id
JOIN event_move v ON v.street_id = s.id
JOIN event e ON e.id = v.event_id
LEFT JOIN grid f ON f.id = v.from_grid
LEFT JOIN grid t ON t.id = v.to_grid
WHERE a.id = %(street)s
ORDER BY v.at, e.occurred_at, v.id

-- name: rehomed_at
-- When a plan's open events were seen to.
SELECT u.rehomed_at FROM publication u WHERE u.plan_id = %(plan)s AND u.withdrawn_at IS NULL ORDER BY u.id DESC LIMIT 1
