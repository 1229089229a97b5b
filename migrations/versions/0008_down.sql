DROP FUNCTION note_ground_change() CASCADE;
DROP TABLE plan_grid, plan_check, ground_change;
