-- What gridkeeper_app, the role that serves and loads, may do. It owns nothing and may not TRUNCATE.
-- History is append-only for it: counts, imports, lineage, memberships and published shapes stay as written; only the
-- end of a period (and a grid's name, flags and colour) may be set. A district goes whole, by the owner's cascade.

DO $$
BEGIN
    IF has_schema_privilege(current_user, 'public', 'USAGE WITH GRANT OPTION') THEN
        GRANT USAGE ON SCHEMA public TO gridkeeper_app;
    END IF;
    IF has_database_privilege(current_user, current_database(), 'TEMPORARY WITH GRANT OPTION') THEN
        EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO gridkeeper_app', current_database());
    END IF;
END
$$;

GRANT SELECT ON alembic_version TO gridkeeper_app;

-- read and add
GRANT SELECT, INSERT ON
    district, division, compound, landcover, barrier, building, household_count,
    tessellation, cell, building_cell, cell_edge, cell_lineage,
    network, network_level, plan, plan_scope, plan_cell, publication, grid, grid_cell, grid_lineage,
    part, event, grid_worker, posting, import_run, layer_version, display_shape, display_version
TO gridkeeper_app;

-- mend: things described again by their source, the state of a plan, where a thing lies
GRANT UPDATE ON
    district, division, compound, landcover, barrier, building, network, network_level, plan, plan_cell,
    part, event, grid_worker, layer_version, display_shape, display_version
TO gridkeeper_app;

-- close a period; what the grid is made of and its shape stay frozen
GRANT UPDATE (valid, name, flags, colour) ON grid TO gridkeeper_app;
GRANT UPDATE (valid) ON grid_cell, posting TO gridkeeper_app;

-- take away: a whole district, a draft and its cells, what is derived for drawing
GRANT DELETE ON
    district, part, event, tessellation, plan, plan_scope, plan_cell, display_shape, display_version
TO gridkeeper_app;

-- ids reserved ahead of a COPY
GRANT USAGE ON SEQUENCE cell_id_seq, grid_id_seq TO gridkeeper_app;
