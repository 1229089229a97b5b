-- Append-only for the serving role: what went to whom, and which communities cells lay in. Cells go with their making.
REVOKE DELETE ON event_move, cell_community, cell, cell_edge, building_cell, cell_lineage FROM gridkeeper_app;
-- these are written anew, not closed
REVOKE UPDATE (valid) ON cell_community, part_cell, event_cell FROM gridkeeper_app;
