-- Memberships come by the ten thousand with each publication: they refer to what exists as parts and events do (0007).

ALTER TABLE grid_cell DROP CONSTRAINT fk_grid_cell_network_id, DROP CONSTRAINT fk_grid_cell_cell_id,
    DROP CONSTRAINT fk_grid_cell_grid_id;

CREATE TRIGGER refers_when_added AFTER INSERT ON grid_cell REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refer_to_what_exists(
        'network_id', 'network', 'cell_id', 'cell', 'grid_id', 'grid');

CREATE TRIGGER let_go AFTER DELETE ON network REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION let_go_of_deleted('grid_cell', 'network_id', 'delete');
CREATE OR REPLACE TRIGGER let_go AFTER DELETE ON cell REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION let_go_of_deleted(
        'part', 'cell_id', 'set null', 'event', 'cell_id', 'set null', 'event', 'duty_cell_id', 'set null',
        'grid_cell', 'cell_id', 'delete');
CREATE OR REPLACE TRIGGER let_go AFTER DELETE ON grid REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION let_go_of_deleted(
        'event', 'grid_id', 'set null', 'grid_cell', 'grid_id', 'delete');

CREATE TRIGGER keep_id BEFORE UPDATE OF id ON network
    FOR EACH ROW WHEN (NEW.id <> OLD.id) EXECUTE FUNCTION keep_what_is_referred_to();
-- a membership ends and another begins: what it refers to never changes
CREATE TRIGGER keep_id BEFORE UPDATE OF id, network_id, cell_id, grid_id ON grid_cell
    FOR EACH ROW EXECUTE FUNCTION keep_what_is_referred_to();
CREATE TRIGGER keep_rows BEFORE TRUNCATE ON network
    FOR EACH STATEMENT EXECUTE FUNCTION keep_what_is_referred_to();
