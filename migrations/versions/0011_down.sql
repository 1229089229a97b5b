ALTER TABLE household_count DROP COLUMN key_persons;
