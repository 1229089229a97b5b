-- Jobs: what was asked is in `job`, the queue and the state of each are procrastinate's, in its own schema.

-- name: enter_queue
-- Until the end of the transaction procrastinate's own statements find its tables and functions.
SELECT set_config('search_path', 'procrastinate, public', true)

-- name: insert
INSERT INTO job (id, kind, district_code, title, person, verified, options)
VALUES (%(id)s, %(kind)s, %(district)s, %(title)s, %(person)s, %(verified)s, %(options)s)

-- name: jobs
-- Jobs, the newest first, with their state, their times, and the job that each waits for.
SELECT k.id, k.kind, k.district_code AS district, k.title, k.person, k.verified, k.options, k.label, k.done, k.total,
       k.result, k.fault, j.attempts, j.queueing_lock IS NOT NULL AS alone,
       CASE WHEN j.status = 'todo' THEN 'queued'
            WHEN j.status = 'doing' AND j.abort_requested THEN 'cancelling'
            WHEN j.status = 'doing' THEN 'running'
            WHEN j.status IN ('cancelled', 'aborted') THEN 'cancelled'
            ELSE j.status::text END AS state,
       t.created_at, t.started_at, CASE WHEN j.status NOT IN ('todo', 'doing') THEN t.ended_at END AS ended_at,
       CASE WHEN j.status = 'todo' THEN (
           SELECT max(b.id) FROM procrastinate.procrastinate_jobs b
           WHERE b.lock = j.lock AND b.id < j.id AND b.status IN ('todo', 'doing')) END AS waits_for
FROM job k
JOIN procrastinate.procrastinate_jobs j ON j.id = k.id
CROSS JOIN LATERAL (
    SELECT min(e.at) FILTER (WHERE e.type = 'deferred') AS created_at,
           max(e.at) FILTER (WHERE e.type = 'started') AS started_at,
           max(e.at) FILTER (WHERE e.type IN ('succeeded', 'failed', 'cancelled', 'aborted')) AS ended_at
    FROM procrastinate.procrastinate_events e WHERE e.job_id = j.id
) t
WHERE (%(id)s::bigint IS NULL OR k.id = %(id)s) AND (%(district)s::text IS NULL OR k.district_code = %(district)s)
ORDER BY k.id DESC LIMIT %(limit)s

-- name: queued_twin
-- The job in the queue that asks for the same.
SELECT max(id) FROM procrastinate.procrastinate_jobs WHERE queueing_lock = %(lock)s AND status = 'todo'

-- name: set_progress
UPDATE job SET label = %(label)s, done = %(done)s, total = %(total)s WHERE id = %(id)s

-- name: set_result
UPDATE job SET result = %(result)s, fault = NULL WHERE id = %(id)s

-- name: set_fault
UPDATE job SET fault = %(fault)s WHERE id = %(id)s

-- name: workers
-- Workers whose heart beat lately.
SELECT count(*) FROM procrastinate.procrastinate_workers
WHERE last_heartbeat > now() - make_interval(secs => %(seconds)s)

-- name: stalled
-- Jobs whose worker is gone, with what they had done.
SELECT j.id, j.attempts, j.abort_requested, k.result IS NOT NULL AS finished
FROM procrastinate.procrastinate_jobs j
JOIN job k ON k.id = j.id
LEFT JOIN procrastinate.procrastinate_workers w ON w.id = j.worker_id
WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => %(seconds)s))
ORDER BY j.id
FOR UPDATE OF j SKIP LOCKED

-- name: forget_silent_workers
DELETE FROM procrastinate.procrastinate_workers WHERE last_heartbeat < now() - make_interval(secs => %(seconds)s)

-- name: communities
-- How many communities a district has; no row where there is no district.
SELECT (SELECT count(*) FROM division v WHERE v.district_id = d.id AND v.level = 'community' AND upper_inf(v.valid))
FROM district d WHERE d.code = %(district)s
