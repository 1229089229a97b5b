-- What a job is to a person: who asked for what, how far it is, what came of it. The queue itself is procrastinate's.

CREATE TABLE job (
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    district_code TEXT NOT NULL,
    title TEXT NOT NULL,
    person TEXT NOT NULL,
    verified BOOLEAN DEFAULT false NOT NULL,
    options JSONB NOT NULL,
    label TEXT DEFAULT '' NOT NULL,
    done INTEGER DEFAULT 0 NOT NULL,
    total INTEGER DEFAULT 0 NOT NULL,
    result JSONB,
    fault JSONB,
    CONSTRAINT pk_job PRIMARY KEY (id),
    CONSTRAINT ck_job_progress CHECK (done >= 0 AND total >= 0)
);
CREATE INDEX ix_job_district_code ON job (district_code);
COMMENT ON TABLE job IS 'Long work for a district: what was asked, how far it is, what came of it.';
COMMENT ON COLUMN job.id IS 'of procrastinate.procrastinate_jobs, which has its state';
COMMENT ON COLUMN job.district_code IS 'no reference: a job may make its district, and outlive it';
COMMENT ON COLUMN job.total IS '0: unknown';
COMMENT ON COLUMN job.result IS 'written in the transaction of the work itself, where that is one';
COMMENT ON COLUMN job.fault IS 'message, remedy, report';

GRANT SELECT, INSERT ON job TO gridkeeper_app;
GRANT UPDATE (label, done, total, result, fault) ON job TO gridkeeper_app;

-- of the queue: add, take and finish; nothing is deleted but what a worker says of itself
GRANT USAGE ON SCHEMA procrastinate TO gridkeeper_app;
GRANT SELECT, INSERT, UPDATE ON procrastinate.procrastinate_jobs TO gridkeeper_app;
GRANT SELECT, INSERT ON procrastinate.procrastinate_events TO gridkeeper_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON procrastinate.procrastinate_workers TO gridkeeper_app;
GRANT USAGE ON SEQUENCE procrastinate.procrastinate_jobs_id_seq, procrastinate.procrastinate_events_id_seq
TO gridkeeper_app;
