-- Foreign keys again, each row looked up by itself.
DROP TRIGGER refers_when_added ON grid_cell;
DROP TRIGGER keep_id ON grid_cell;
DROP TRIGGER let_go ON network;
DROP TRIGGER keep_id ON network;
DROP TRIGGER keep_rows ON network;
CREATE OR REPLACE TRIGGER let_go AFTER DELETE ON cell REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION let_go_of_deleted(
        'part', 'cell_id', 'set null', 'event', 'cell_id', 'set null', 'event', 'duty_cell_id', 'set null');
CREATE OR REPLACE TRIGGER let_go AFTER DELETE ON grid REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION let_go_of_deleted('event', 'grid_id', 'set null');
ALTER TABLE grid_cell
    ADD CONSTRAINT fk_grid_cell_network_id FOREIGN KEY (network_id) REFERENCES network (id) ON DELETE CASCADE,
    ADD CONSTRAINT fk_grid_cell_cell_id FOREIGN KEY (cell_id) REFERENCES cell (id) ON DELETE CASCADE,
    ADD CONSTRAINT fk_grid_cell_grid_id FOREIGN KEY (grid_id) REFERENCES grid (id) ON DELETE CASCADE;
