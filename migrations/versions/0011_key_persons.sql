-- Key persons are a count of a building, as its people are: how many, never who.

ALTER TABLE household_count ADD COLUMN key_persons INTEGER;
ALTER TABLE household_count ADD CONSTRAINT ck_household_count_key_persons CHECK (key_persons >= 0);
COMMENT ON COLUMN household_count.key_persons IS 'how many, never who';
