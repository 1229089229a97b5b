-- What was published stays in force; the log of edits and steps, and which publications were withdrawn, are lost.
REVOKE UPDATE (withdrawn_at) ON publication FROM gridkeeper_app;
ALTER TABLE publication DROP COLUMN withdrawn_at, DROP COLUMN report;
DROP TABLE plan_step, plan_operation, person;
ALTER TABLE plan_cell DROP COLUMN base_code;
COMMENT ON TABLE plan_cell IS NULL;
COMMENT ON COLUMN plan_cell.grid_code IS 'code the grid gets when the plan is published';
ALTER TABLE plan_scope DROP COLUMN base_version;
ALTER TABLE plan DROP COLUMN created_by, DROP COLUMN title;
