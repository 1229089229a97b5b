-- Extensions and the role stay: other schemas and databases of the server may use them.
REVOKE SELECT ON alembic_version FROM gridkeeper_app;
DROP TABLE
    posting, grid_lineage, grid_cell, grid, publication, plan_scope, plan_cell, part, event, cell_lineage,
    cell_edge, building_cell, plan, network_level, household_count, cell, tessellation, network,
    layer_version, landcover, import_run, grid_worker, division, display_version, display_shape, compound,
    building, barrier, district;
