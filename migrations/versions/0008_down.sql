DROP FUNCTION note_ground_change() CASCADE;
DROP TABLE plan_grid, plan_check, ground_change;
ALTER TABLE grid_cell DROP CONSTRAINT fk_grid_cell_grid_id;
ALTER TABLE grid DROP CONSTRAINT uq_grid_id_network_id_level;
ALTER TABLE grid_cell ADD CONSTRAINT fk_grid_cell_grid_id FOREIGN KEY (grid_id) REFERENCES grid (id) ON DELETE CASCADE,
    ADD CONSTRAINT fk_grid_cell_network_id FOREIGN KEY (network_id) REFERENCES network (id) ON DELETE CASCADE;
