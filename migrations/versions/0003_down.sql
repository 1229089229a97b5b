-- Grids in force stay; former cells, communities and homes of streets are lost, and cells that a draft or a later plan
-- made remain as they are.
REVOKE DELETE ON cell, cell_edge, building_cell, cell_lineage FROM gridkeeper_app;
REVOKE UPDATE (rehomed_at) ON publication FROM gridkeeper_app;
REVOKE UPDATE (valid, community_id) ON cell FROM gridkeeper_app;
DROP TABLE event_move, event_cell, part_cell, street, plan_waiver, cell_community, division_lineage;
DROP INDEX ix_event_open, ix_event_duty_cell_id;
ALTER TABLE event DROP COLUMN grid_id, DROP COLUMN duty_cell_id, DROP COLUMN state, DROP COLUMN closed_at;
COMMENT ON COLUMN event.how IS 'inside, border, near, outside, unlocated';
UPDATE grid SET origin = 'plan' WHERE origin = 'carried';
ALTER TABLE grid DROP CONSTRAINT ck_grid_origin;
ALTER TABLE grid ADD CONSTRAINT ck_grid_origin CHECK (origin IN ('plan', 'import'));
ALTER TABLE publication DROP COLUMN rehomed_at;
DELETE FROM plan_operation WHERE kind IN ('renumber', 'renew', 'split');
ALTER TABLE plan_operation DROP CONSTRAINT ck_plan_operation_kind;
ALTER TABLE plan_operation ADD CONSTRAINT ck_plan_operation_kind CHECK (
    kind IN ('move', 'new_grid', 'merge', 'propose', 'restore', 'undo', 'redo'));
ALTER TABLE cell DROP COLUMN valid;
ALTER TABLE tessellation DROP COLUMN base_id;
COMMENT ON TABLE tessellation IS NULL;
