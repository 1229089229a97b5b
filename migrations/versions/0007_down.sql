-- Foreign keys again, each row looked up by itself.
DROP INDEX ix_part_cell_id, ix_event_cell_id, ix_part_geom, ix_event_geom;
CREATE INDEX ix_part_geom ON part USING gist (geom);
CREATE INDEX ix_event_geom ON event USING gist (geom);
CREATE INDEX ix_part_cell_id ON part (cell_id);
CREATE INDEX ix_event_cell_id ON event (cell_id);
ALTER TABLE part ALTER COLUMN code TYPE TEXT COLLATE "default";
ALTER TABLE event ALTER COLUMN code TYPE TEXT COLLATE "default";
DROP FUNCTION refer_to_what_exists() CASCADE;
DROP FUNCTION let_go_of_deleted() CASCADE;
DROP FUNCTION keep_what_is_referred_to() CASCADE;
ALTER TABLE part
    ADD CONSTRAINT fk_part_district_id FOREIGN KEY (district_id) REFERENCES district (id) ON DELETE CASCADE,
    ADD CONSTRAINT fk_part_cell_id FOREIGN KEY (cell_id) REFERENCES cell (id) ON DELETE SET NULL;
ALTER TABLE event
    ADD CONSTRAINT fk_event_district_id FOREIGN KEY (district_id) REFERENCES district (id) ON DELETE CASCADE,
    ADD CONSTRAINT fk_event_cell_id FOREIGN KEY (cell_id) REFERENCES cell (id) ON DELETE SET NULL,
    ADD CONSTRAINT fk_event_duty_cell_id FOREIGN KEY (duty_cell_id) REFERENCES cell (id) ON DELETE SET NULL,
    ADD CONSTRAINT fk_event_grid_id FOREIGN KEY (grid_id) REFERENCES grid (id) ON DELETE SET NULL;
