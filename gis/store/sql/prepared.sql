-- What a plan that passed its checks would publish, and whether that holds still.

-- name: fingerprint
-- Of all that the checks and the outcome of a plan are made from: what was written (see the triggers of ground_change),
-- which buildings have begun and ended by a moment, and the plan itself with its cells.
SELECT md5(jsonb_build_array(
    %(edition)s::text,
    (SELECT jsonb_build_array(count(*), max(id)) FROM ground_change
     WHERE district_id = %(district)s OR district_id IS NULL),
    (SELECT max(extract(epoch FROM lower(valid))) FROM building
     WHERE district_id = %(district)s AND NOT lower_inf(valid) AND lower(valid) <= %(at)s),
    (SELECT max(extract(epoch FROM upper(valid))) FROM building
     WHERE district_id = %(district)s AND NOT upper_inf(valid) AND upper(valid) <= %(at)s),
    p.settings,
    CASE WHEN p.settings::text LIKE '%%events=%%'  -- a load that counts events
         THEN (SELECT jsonb_build_array(count(*), sum(hashtextextended(concat_ws(' ', id, coalesce(cell_id, 0),
                   coalesce(duty_cell_id, 0), extract(epoch FROM occurred_at)), 0)))
               FROM event WHERE district_id = %(district)s) END,
    p.as_of, p.base_version, p.tessellation_id, p.report->'links', p.report->'flags',
    (SELECT max(revision) FROM plan_operation o WHERE o.plan_id = p.id),
    (SELECT count(*) FROM plan_waiver w WHERE w.plan_id = p.id),
    (SELECT jsonb_build_array(count(*), sum(hashtextextended(concat_ws(' ', c.cell_id, c.grid_code,
                                                                       coalesce(c.base_code, '-')), 0)))
     FROM plan_cell c WHERE c.plan_id = p.id)
)::text)
FROM plan p WHERE p.id = %(plan)s

-- name: kept
SELECT fingerprint, at, checks, measures, outcome, closed FROM plan_check WHERE plan_id = %(plan)s

-- name: kept_grids
SELECT key, code FROM plan_grid WHERE plan_id = %(plan)s ORDER BY code

-- name: forget
DELETE FROM plan_check WHERE plan_id = %(plan)s

-- name: keep
INSERT INTO plan_check (plan_id, fingerprint, at, checks, measures, outcome, closed, lineage)
VALUES (%(plan)s, %(fingerprint)s, %(at)s, %(checks)s, %(measures)s, %(outcome)s, %(closed)s, %(lineage)s)
