-- An open event also goes to another grid when a street gets another home; the street's row says who chose it, and why.

ALTER TABLE event_move ALTER COLUMN publication_id DROP NOT NULL;
ALTER TABLE event_move ADD COLUMN street_id BIGINT;
ALTER TABLE event_move ADD CONSTRAINT fk_event_move_street_id
    FOREIGN KEY (street_id) REFERENCES street (id) ON DELETE CASCADE;
ALTER TABLE event_move ADD CONSTRAINT ck_event_move_cause CHECK (num_nonnulls(publication_id, street_id) = 1);
CREATE INDEX ix_event_move_street_id ON event_move (street_id);
COMMENT ON TABLE event_move IS
    'Append-only: open events that went to another grid when a publication took effect or a street got another home.';
COMMENT ON COLUMN event_move.street_id IS 'the row of the street with its new home';
