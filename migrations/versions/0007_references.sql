-- Parts and events come by the million. A foreign key looks its parent up and locks it for each row, which is half of
-- the cost of writing them; a trigger that sees all rows of a statement does so once for each different parent.
-- It keeps what a foreign key keeps: who adds a reference finds the parent and holds it (FOR KEY SHARE) until the
-- transaction ends, who deletes a parent waits for that and takes the references along or sets them to null.

ALTER TABLE part DROP CONSTRAINT fk_part_district_id, DROP CONSTRAINT fk_part_cell_id;
ALTER TABLE event DROP CONSTRAINT fk_event_district_id, DROP CONSTRAINT fk_event_cell_id,
    DROP CONSTRAINT fk_event_duty_cell_id, DROP CONSTRAINT fk_event_grid_id;

CREATE FUNCTION refer_to_what_exists() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Arguments: a column and the table whose id it names, any number of times.
-- Statements are planned anew each time (EXECUTE): one row and a million want other plans.
DECLARE
    named text;
    missing bigint;
BEGIN
    FOR i IN 0 .. TG_NARGS - 1 BY 2 LOOP
        named := format('SELECT DISTINCT n.%1$I AS id FROM new_rows n WHERE n.%1$I IS NOT NULL', TG_ARGV[i]);
        IF TG_OP = 'UPDATE' THEN  -- what a row referred to before is held by its own old version
            named := named || format(
                ' AND NOT EXISTS (SELECT FROM old_rows o WHERE o.id = n.id AND o.%1$I = n.%1$I)', TG_ARGV[i]);
        END IF;
        EXECUTE format(
            'WITH named AS (%s), held AS (SELECT id FROM %I WHERE id IN (SELECT id FROM named) FOR KEY SHARE)'
            ' SELECT n.id FROM named n WHERE NOT EXISTS (SELECT FROM held h WHERE h.id = n.id) LIMIT 1',
            named, TG_ARGV[i + 1]) INTO missing;
        IF missing IS NOT NULL THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('%s.%s names %s %s, which does not exist',
                                 TG_TABLE_NAME, TG_ARGV[i], TG_ARGV[i + 1], missing),
                TABLE = TG_TABLE_NAME, COLUMN = TG_ARGV[i];
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE FUNCTION let_go_of_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Arguments: a table, its column that names what was deleted, and 'delete' or 'set null', any number of times.
BEGIN
    IF current_setting('transaction_isolation') NOT LIKE 'read %' THEN  -- would not see what was added meanwhile
        RAISE feature_not_supported USING MESSAGE = format('rows of %s are deleted at READ COMMITTED only', TG_TABLE_NAME);
    END IF;
    FOR i IN 0 .. TG_NARGS - 1 BY 3 LOOP
        EXECUTE format(
            CASE TG_ARGV[i + 2]
                WHEN 'delete' THEN 'DELETE FROM %1$I WHERE %2$I IN (SELECT id FROM old_rows)'
                WHEN 'set null' THEN 'UPDATE %1$I SET %2$I = NULL WHERE %2$I IN (SELECT id FROM old_rows)'
            END, TG_ARGV[i], TG_ARGV[i + 1]);
    END LOOP;
    RETURN NULL;
END
$$;

CREATE FUNCTION keep_what_is_referred_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE foreign_key_violation USING
        MESSAGE = format('an id of %s neither changes nor goes by %s', TG_TABLE_NAME, TG_OP);
END
$$;

-- they act as the owner: nobody else may put them on a table of his own
REVOKE EXECUTE ON FUNCTION refer_to_what_exists(), let_go_of_deleted(), keep_what_is_referred_to() FROM PUBLIC;

CREATE TRIGGER refers_when_added AFTER INSERT ON part REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refer_to_what_exists('district_id', 'district', 'cell_id', 'cell');
CREATE TRIGGER refers_when_changed AFTER UPDATE ON part REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refer_to_what_exists('district_id', 'district', 'cell_id', 'cell');
CREATE TRIGGER refers_when_added AFTER INSERT ON event REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refer_to_what_exists(
        'district_id', 'district', 'cell_id', 'cell', 'duty_cell_id', 'cell', 'grid_id', 'grid');
CREATE TRIGGER refers_when_changed AFTER UPDATE ON event REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refer_to_what_exists(
        'district_id', 'district', 'cell_id', 'cell', 'duty_cell_id', 'cell', 'grid_id', 'grid');

CREATE TRIGGER let_go AFTER DELETE ON district REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION let_go_of_deleted(
        'part', 'district_id', 'delete', 'event', 'district_id', 'delete');
CREATE TRIGGER let_go AFTER DELETE ON cell REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION let_go_of_deleted(
        'part', 'cell_id', 'set null', 'event', 'cell_id', 'set null', 'event', 'duty_cell_id', 'set null');
CREATE TRIGGER let_go AFTER DELETE ON grid REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION let_go_of_deleted('event', 'grid_id', 'set null');

CREATE TRIGGER keep_id BEFORE UPDATE OF id ON district
    FOR EACH ROW WHEN (NEW.id <> OLD.id) EXECUTE FUNCTION keep_what_is_referred_to();
CREATE TRIGGER keep_id BEFORE UPDATE OF id ON cell
    FOR EACH ROW WHEN (NEW.id <> OLD.id) EXECUTE FUNCTION keep_what_is_referred_to();
CREATE TRIGGER keep_id BEFORE UPDATE OF id ON grid
    FOR EACH ROW WHEN (NEW.id <> OLD.id) EXECUTE FUNCTION keep_what_is_referred_to();
CREATE TRIGGER keep_id BEFORE UPDATE OF id ON part
    FOR EACH ROW WHEN (NEW.id <> OLD.id) EXECUTE FUNCTION keep_what_is_referred_to();
CREATE TRIGGER keep_id BEFORE UPDATE OF id ON event
    FOR EACH ROW WHEN (NEW.id <> OLD.id) EXECUTE FUNCTION keep_what_is_referred_to();
CREATE TRIGGER keep_rows BEFORE TRUNCATE ON district
    FOR EACH STATEMENT EXECUTE FUNCTION keep_what_is_referred_to();
CREATE TRIGGER keep_rows BEFORE TRUNCATE ON cell FOR EACH STATEMENT EXECUTE FUNCTION keep_what_is_referred_to();
CREATE TRIGGER keep_rows BEFORE TRUNCATE ON grid FOR EACH STATEMENT EXECUTE FUNCTION keep_what_is_referred_to();

-- Codes compare byte by byte, whatever the locale: their index grows faster, and the beginning of a code is a range.
ALTER TABLE part ALTER COLUMN code TYPE TEXT COLLATE "C";
ALTER TABLE event ALTER COLUMN code TYPE TEXT COLLATE "C";

-- Points in a quadtree: it grows by a third faster than a tree of boxes.
DROP INDEX ix_part_geom, ix_event_geom;
CREATE INDEX ix_part_geom ON part USING spgist (geom);
CREATE INDEX ix_event_geom ON event USING spgist (geom);

-- While a district has no cells its parts and events are in none: nothing of them is looked up by it.
DROP INDEX ix_part_cell_id, ix_event_cell_id;
CREATE INDEX ix_part_cell_id ON part (cell_id) WHERE cell_id IS NOT NULL;
CREATE INDEX ix_event_cell_id ON event (cell_id) WHERE cell_id IS NOT NULL;
