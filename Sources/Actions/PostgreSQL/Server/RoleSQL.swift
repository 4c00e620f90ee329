/// What `postgresql.roles` asks.
enum RoleSQL {
    static let rights = """
        SELECT has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT') AS passwords,
          has_table_privilege('pg_catalog.pg_hba_file_rules', 'SELECT')
          AND has_function_privilege('pg_catalog.pg_hba_file_rules()', 'EXECUTE') AS addresses
        """

    /// Memberships of memberships: what a role can become, with SET ROLE or without.
    static let roles = """
        WITH RECURSIVE paths AS (
          SELECT m.member AS role, m.roleid AS holder FROM pg_catalog.pg_auth_members m
          UNION SELECT p.role, m.roleid FROM paths p JOIN pg_catalog.pg_auth_members m ON m.member = p.holder
        )
        SELECT r.rolname AS name, r.rolcanlogin AS may_log_in, r.rolsuper AS is_super, r.oid = 10 AS is_first,
          round(extract(epoch FROM nullif(nullif(r.rolvaliduntil, 'infinity'), '-infinity') - now())::numeric / 86400,
            1) AS valid_days,
          (SELECT string_agg(h.rolname, ', ' ORDER BY h.rolname) FROM paths p
            JOIN pg_catalog.pg_roles h ON h.oid = p.holder WHERE p.role = r.oid AND h.rolsuper) AS super_through,
          nullif(concat_ws(', ', CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
            CASE WHEN r.rolreplication THEN 'REPLICATION' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END,
            (SELECT string_agg(h.rolname, ', ' ORDER BY h.rolname) FROM paths p
              JOIN pg_catalog.pg_roles h ON h.oid = p.holder WHERE p.role = r.oid
              AND (h.rolcreaterole OR h.rolreplication OR h.rolbypassrls OR h.rolname IN (
                'pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files', 'pg_write_all_data',
                'pg_read_all_data', 'pg_maintain', 'pg_create_subscription')))), '') AS powers
        FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY r.rolsuper DESC, r.rolname LIMIT 5000
        """

    /// What extensions made is theirs.
    static let `public` = """
        SELECT 'schema ' || quote_ident(n.nspname) AS object, 'CREATE' AS what
        FROM pg_catalog.pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) x
        WHERE x.grantee = 0 AND x.privilege_type = 'CREATE' AND n.nspname !~ '^pg_(toast_)?temp_'
        UNION ALL
        SELECT 'table ' || format('%I.%I', n.nspname, c.relname),
          string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) x
        WHERE x.grantee = 0 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
          AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
            WHERE d.objid = c.oid AND d.deptype = 'e' AND d.classid = 'pg_class'::regclass) GROUP BY 1
        UNION ALL
        SELECT 'function ' || p.oid::regprocedure,
          'runs as the superuser ' || quote_ident(o.rolname) || ' without a search_path of its own'
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_roles o ON o.oid = p.proowner AND o.rolsuper
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
          AND NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c LIKE 'search\\_path=%')
          AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x WHERE x.grantee = 0)
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
            WHERE d.objid = p.oid AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass)
        ORDER BY 1 LIMIT 500
        """

    /// The kind of a password, never itself.
    static let passwords = """
        SELECT a.rolname AS name, CASE WHEN a.rolpassword LIKE 'md5%' THEN 'md5' ELSE 'something else' END AS kind
        FROM pg_catalog.pg_authid a WHERE a.rolcanlogin AND a.rolpassword IS NOT NULL
          AND a.rolpassword NOT LIKE 'SCRAM-SHA-256$%' ORDER BY 1 LIMIT 1000
        """

    /// The machine's own addresses are left out: who is on it is asked elsewhere.
    static let addresses = """
        SELECT line_number AS line, error IS NOT NULL AS is_error, coalesce(auth_method, '') AS method,
          concat_ws(' ', array_to_string(user_name, ','), 'from', address) AS who
        FROM pg_catalog.pg_hba_file_rules
        WHERE error IS NOT NULL OR auth_method IN ('trust', 'password') AND type LIKE 'host%'
          AND NOT (address IN ('localhost', 'samehost') OR address = '127.0.0.1' AND netmask LIKE '255.%' \
          OR address = '::1' AND netmask LIKE 'ffff:%') ORDER BY line_number LIMIT 1000
        """
}
