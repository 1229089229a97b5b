-- name: who_am_i
-- Who the connection acts as, and whether that is too much for the service.
SELECT current_user::text                                    AS role,
       r.rolsuper                                            AS superuser,
       r.rolbypassrls                                        AS bypass,
       EXISTS (SELECT FROM pg_class c
               WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
                 AND c.relname IN ('district', 'grid_cell', 'household_count')
                 AND pg_has_role(current_user, c.relowner, 'MEMBER')) AS owns,
       (SELECT count(*) FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname = 'alembic_version') AS tables
FROM pg_roles r
WHERE r.rolname = current_user
