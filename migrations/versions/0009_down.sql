DELETE FROM event_move WHERE publication_id IS NULL;
ALTER TABLE event_move DROP COLUMN street_id;
ALTER TABLE event_move ALTER COLUMN publication_id SET NOT NULL;
COMMENT ON TABLE event_move IS 'Append-only: open events that went to another grid when a publication took effect.';
