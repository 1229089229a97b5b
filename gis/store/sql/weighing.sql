-- How much of what a load counts lies in each cell of a plan.

-- name: persons
-- People and key persons of the buildings that stand at a moment, by the counts of a date.
SELECT k.cell_id, coalesce(sum(h.people), 0)::float8 AS people, coalesce(sum(h.key_persons), 0)::float8 AS key_persons
FROM building_cell k
JOIN building b ON b.id = k.building_id AND b.valid @> %(at)s::timestamptz
CROSS JOIN LATERAL (
    SELECT c.people, c.key_persons FROM household_count c WHERE c.building_id = b.id AND c.as_of <= %(as_of)s
    ORDER BY c.as_of DESC, c.recorded_at DESC, c.id DESC LIMIT 1
) h
WHERE k.cell_id = ANY(%(cells)s::bigint[])
GROUP BY k.cell_id

-- name: parts
-- Municipal parts by cell and class; a cell that others took the place of has those that lay in it when it ended.
SELECT t.cell_id, coalesce(p.class, '') AS class, count(*)::float8 AS n
FROM (
    SELECT id, cell_id FROM part WHERE cell_id = ANY(%(cells)s::bigint[])
    UNION
    SELECT h.part_id, h.cell_id FROM part_cell h JOIN cell c ON c.id = h.cell_id AND upper(c.valid) = upper(h.valid)
    WHERE h.cell_id = ANY(%(cells)s::bigint[])
) t JOIN part p ON p.id = t.id
GROUP BY t.cell_id, p.class

-- name: events
-- Events of a period by the cell that answers for them; a cell that others took the place of has those that it answered
-- for when it ended: not what a street brought it before it got another home.
SELECT t.cell_id, '' AS class, count(*)::float8 AS n
FROM (
    SELECT id, coalesce(CASE WHEN %(duty)s THEN duty_cell_id END, cell_id) AS cell_id FROM event
    WHERE district_id = %(district)s AND occurred_at >= %(since)s AND occurred_at < %(until)s
    UNION
    SELECT h.event_id, c.id
    FROM event_cell h
    JOIN event e ON e.id = h.event_id
    JOIN cell c ON c.id = coalesce(CASE WHEN %(duty)s THEN h.duty_cell_id END, h.cell_id)
        AND upper(c.valid) = upper(h.valid)
    WHERE e.district_id = %(district)s AND e.occurred_at >= %(since)s AND e.occurred_at < %(until)s
) t
WHERE t.cell_id = ANY(%(cells)s::bigint[])
GROUP BY t.cell_id

-- name: only_drafted
-- Cells that only drafts have: nothing was ever located to them.
SELECT id FROM cell WHERE id = ANY(%(cells)s::bigint[]) AND isempty(valid) ORDER BY id

-- name: replaced
-- Cells in force, or to come, that a draft with new cells has not any more.
SELECT r.id FROM cell r
WHERE r.community_id IN (SELECT community_id FROM cell WHERE id = ANY(%(drafted)s::bigint[]))
  AND upper_inf(r.valid) AND NOT r.id = ANY(%(cells)s::bigint[])

-- name: parts_in
-- Municipal parts in some cells.
SELECT coalesce(class, '') AS class, ST_AsBinary(geom) AS wkb FROM part WHERE cell_id = ANY(%(cells)s::bigint[])

-- name: events_in
-- Events of a period that some cells answer for.
SELECT '' AS class, ST_AsBinary(geom) AS wkb FROM event
WHERE district_id = %(district)s AND occurred_at >= %(since)s AND occurred_at < %(until)s
  AND coalesce(CASE WHEN %(duty)s THEN duty_cell_id END, cell_id) = ANY(%(cells)s::bigint[])

-- name: there_are
-- Whether a district has any people or key persons counted, any parts, any events of a period.
SELECT EXISTS (SELECT FROM household_count c JOIN building b ON b.id = c.building_id
               WHERE b.district_id = %(district)s AND c.people IS NOT NULL AND c.as_of <= %(as_of)s) AS people,
       EXISTS (SELECT FROM household_count c JOIN building b ON b.id = c.building_id
               WHERE b.district_id = %(district)s AND c.key_persons IS NOT NULL AND c.as_of <= %(as_of)s) AS key_persons,
       EXISTS (SELECT FROM part WHERE district_id = %(district)s) AS parts,
       EXISTS (SELECT FROM event WHERE district_id = %(district)s
               AND occurred_at >= %(since)s AND occurred_at < %(until)s) AS events
