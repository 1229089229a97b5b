-- name: events
-- Events by local month in a grid or a division (or the whole district): in those in force at a moment, or, each at
-- its own time, in the one that bore the code then.
WITH located AS (
    SELECT e.occurred_at, m.moment, coalesce(
               CASE WHEN %(duty)s THEN CASE WHEN h.event_id IS NULL THEN e.duty_cell_id ELSE h.duty_cell_id END END,
               CASE WHEN h.event_id IS NULL THEN e.cell_id ELSE h.cell_id END) AS cell_id
    FROM event e
    CROSS JOIN LATERAL (SELECT CASE WHEN %(then)s THEN e.occurred_at ELSE %(at)s END AS moment) m
    LEFT JOIN event_cell h ON h.event_id = e.id AND h.valid @> m.moment
    WHERE e.district_id = %(district)s AND e.geom IS NOT NULL
      AND e.occurred_at >= %(since)s AND e.occurred_at < %(until)s AND e.occurred_at <= %(last_event)s
)
SELECT to_char(l.occurred_at AT TIME ZONE %(time_zone)s, 'YYYY-MM') AS month, count(*) AS value
FROM located l
WHERE (%(grid)s::text IS NULL OR EXISTS (
          SELECT FROM grid_cell gc JOIN grid g ON g.id = gc.grid_id
          WHERE gc.cell_id = l.cell_id AND gc.network_id = %(network)s AND gc.level = %(level)s
            AND gc.valid @> l.moment AND g.code = %(grid)s))
  AND (%(division)s::text IS NULL OR EXISTS (
          SELECT FROM cell c LEFT JOIN cell_community o ON o.cell_id = c.id AND o.valid @> l.moment
          JOIN division v ON v.id = coalesce(o.community_id, c.community_id)
          LEFT JOIN division u ON u.id = v.parent_id LEFT JOIN division w ON w.id = u.parent_id
          WHERE c.id = l.cell_id AND %(division)s IN (v.code, u.code, w.code)))
GROUP BY 1;

-- name: households
-- Households at the ends of months in the grid or division that bore the code then (or the whole district); no row where
-- nothing was counted yet.
SELECT m.month, sum(n.households)::bigint AS value
FROM unnest(%(months)s::text[], %(ends)s::timestamptz[], %(days)s::date[]) AS m(month, moment, day)
JOIN building b ON b.district_id = %(district)s AND b.valid @> m.moment
CROSS JOIN LATERAL (
    SELECT h.households FROM household_count h
    WHERE h.building_id = b.id AND h.as_of <= m.day
    ORDER BY h.as_of DESC, h.recorded_at DESC, h.id DESC LIMIT 1
) n
WHERE (%(grid)s::text IS NULL OR EXISTS (
          SELECT FROM building_cell bc JOIN grid_cell gc ON gc.cell_id = bc.cell_id JOIN grid g ON g.id = gc.grid_id
          WHERE bc.building_id = b.id AND gc.network_id = %(network)s AND gc.level = %(level)s
            AND gc.valid @> m.moment AND g.code = %(grid)s))
  AND (%(division)s::text IS NULL OR EXISTS (
          SELECT FROM building_cell bc JOIN cell c ON c.id = bc.cell_id AND c.valid @> m.moment
          LEFT JOIN cell_community o ON o.cell_id = c.id AND o.valid @> m.moment
          JOIN division v ON v.id = coalesce(o.community_id, c.community_id)
          LEFT JOIN division u ON u.id = v.parent_id LEFT JOIN division w ON w.id = u.parent_id
          WHERE bc.building_id = b.id AND %(division)s IN (v.code, u.code, w.code)))
GROUP BY m.month;
