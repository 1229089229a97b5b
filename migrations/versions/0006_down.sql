GRANT DELETE ON event_move, cell_community, cell, cell_edge, building_cell, cell_lineage TO gridkeeper_app;
GRANT UPDATE (valid) ON cell_community, part_cell, event_cell TO gridkeeper_app;
