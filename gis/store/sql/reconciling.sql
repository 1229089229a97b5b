-- Sums of a network level at a moment, made so that nothing is lost: what is in no grid has no code.

-- name: households
-- Households of the buildings that stand, by the grid in force; each building as often as it lies in grids.
SELECT g.code, sum(COALESCE(h.households, 0))::bigint AS amount, count(DISTINCT b.id)::bigint AS things
FROM building b
LEFT JOIN LATERAL (
    SELECT n.households FROM household_count n
    WHERE n.building_id = b.id AND n.as_of <= %(as_of)s
    ORDER BY n.as_of DESC, n.recorded_at DESC, n.id DESC LIMIT 1
) h ON true
LEFT JOIN (
    building_cell k
    JOIN grid_cell m ON m.cell_id = k.cell_id AND m.level = %(level)s AND m.valid @> %(at)s
         AND m.network_id = (SELECT id FROM network WHERE district_id = %(district)s AND code = %(network)s)
    JOIN grid g ON g.id = m.grid_id
) ON k.building_id = b.id
WHERE b.district_id = %(district)s AND b.valid @> %(at)s
GROUP BY g.code

-- name: all_households
-- Households of all buildings that stand, wherever they lie.
SELECT sum(COALESCE((
    SELECT n.households FROM household_count n
    WHERE n.building_id = b.id AND n.as_of <= %(as_of)s
    ORDER BY n.as_of DESC, n.recorded_at DESC, n.id DESC LIMIT 1), 0))::bigint
FROM building b WHERE b.district_id = %(district)s AND b.valid @> %(at)s

-- name: events
-- Events until a moment by grid: that of their own time (then), or that of the moment (as_of). A network whose streets
-- have duty cells counts an event on a street there.
SELECT g.code, count(*)::bigint AS amount
FROM event e
CROSS JOIN LATERAL (SELECT CASE WHEN %(then)s THEN e.occurred_at ELSE %(at)s END AS at) t
JOIN network n ON n.district_id = e.district_id AND n.code = %(network)s
LEFT JOIN event_cell h ON h.event_id = e.id AND h.valid @> t.at
LEFT JOIN (grid_cell m JOIN grid g ON g.id = m.grid_id)
     ON m.network_id = n.id AND m.level = %(level)s AND m.valid @> t.at
    AND m.cell_id = CASE
        WHEN h.event_id IS NULL AND n.street_rule = 'duty' THEN COALESCE(e.duty_cell_id, e.cell_id)
        WHEN h.event_id IS NULL THEN e.cell_id
        WHEN n.street_rule = 'duty' THEN COALESCE(h.duty_cell_id, h.cell_id)
        ELSE h.cell_id END
WHERE e.district_id = %(district)s AND e.occurred_at <= %(at)s
GROUP BY g.code

-- name: all_events
SELECT count(*)::bigint FROM event WHERE district_id = %(district)s AND occurred_at <= %(at)s
