-- Jobs and their queue go; what they did stays.
DROP TABLE job;
DROP SCHEMA procrastinate CASCADE;
