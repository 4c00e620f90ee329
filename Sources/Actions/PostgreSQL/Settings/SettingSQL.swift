/// What is asked of settings, by the audit and by the change alike.
enum SettingSQL {
    /// Values of settings that may hold a secret stay on the server.
    static let secret = "s.name IN ('primary_conninfo', 'ssl_passphrase_command', 'krb_server_keyfile')"

    /// Lists whose items the server quotes one by one: as one text they would become a single item.
    static let quotedLists: Set = [
        "shared_preload_libraries", "session_preload_libraries", "local_preload_libraries", "search_path",
        "temp_tablespaces", "unix_socket_directories",
    ]

    /// Texts in which blanks and quotes between items say nothing.
    private static let lists =
        quotedLists.sorted() + ["listen_addresses", "log_destination", "datestyle", "wal_consistency_checking"]

    /// `$1` names and `$2` values, side by side; a NULL value stands for the default. Values are compared as the server
    /// understands them: 8GB is 1048576 blocks, yes is on. `reset_val` is what a session begins with; `setting` holds what
    /// this look set for itself.
    static let compared = """
        WITH wanted AS (SELECT * FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w(name, value, place)),
        units(unit, factor) AS (VALUES ('B', 1::numeric), ('kB', 1024), ('MB', 1048576), ('GB', 1073741824),
          ('TB', 1099511627776), ('us', 0.001), ('ms', 1), ('s', 1000), ('min', 60000), ('h', 3600000),
          ('d', 86400000)),
        parsed AS (
          SELECT w.place, w.name AS asked, w.value, s.name, s.reset_val AS held, s.unit, s.vartype, s.source, s.context,
            s.pending_restart, s.sourcefile, s.min_val, s.max_val, s.enumvals, \(secret) AS is_secret,
            substring(w.value, '^\\s*([-+]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\\s*[A-Za-z]*\\s*$')::numeric
              AS number,
            substring(w.value, '^\\s*[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?\\s*([A-Za-z]+)\\s*$') AS suffix,
            coalesce(substring(s.unit, '^([0-9]+)')::numeric, 1) AS unit_times,
            substring(s.unit, '([A-Za-z]+)$') AS unit_name
          FROM wanted w LEFT JOIN pg_catalog.pg_settings s ON lower(s.name) = lower(w.name)
        ), based AS (
          -- The wanted number in the setting's own unit; NULL where it is none.
          SELECT p.*, CASE WHEN p.suffix IS NULL OR p.number = 0 THEN p.number
            WHEN u.factor IS NOT NULL AND b.factor IS NOT NULL
              AND (p.suffix IN ('B', 'kB', 'MB', 'GB', 'TB')) = (p.unit_name IN ('B', 'kB', 'MB', 'GB', 'TB'))
            THEN p.number * u.factor / (p.unit_times * b.factor) END AS amount
          FROM parsed p LEFT JOIN units u ON u.unit = p.suffix LEFT JOIN units b ON b.unit = p.unit_name
        ), judged AS (
          SELECT b.*, CASE WHEN b.name IS NULL THEN NULL
            WHEN b.vartype = 'bool' THEN lower(b.value) IN ('on', 'off', 'true', 'false', 'yes', 'no', '1', '0', 't', 'f',
              'y', 'n', 'of', 'tr', 'tru', 'fa', 'fal', 'fals', 'ye')
            WHEN b.vartype IN ('integer', 'real') THEN b.amount IS NOT NULL
              AND (b.vartype = 'real' OR round(b.amount) BETWEEN b.min_val::numeric AND b.max_val::numeric)
              AND (b.vartype = 'integer' OR b.amount::float8 BETWEEN b.min_val::float8 AND b.max_val::float8)
            WHEN b.vartype = 'enum' THEN lower(b.value) IN (SELECT lower(e) FROM unnest(b.enumvals) e)
              -- Words that the server takes and does not list, such as 1 for on.
              OR lower(b.value) IN ('on', 'off', 'true', 'false', 'yes', 'no', '1', '0')
            ELSE true END AS is_value
          FROM based b
        )
        SELECT j.asked, j.value, j.name, j.context, j.source, j.pending_restart, j.vartype,
          CASE WHEN j.is_secret THEN 'not shown' ELSE j.held END AS held, coalesce(j.unit, '') AS unit, j.is_secret,
          j.is_value, j.min_val, j.max_val, array_to_string(j.enumvals, ', ') AS words,
          j.sourcefile IS NOT NULL AS is_file_shown, coalesce(j.sourcefile ~ '/postgresql\\.auto\\.conf$', false) AS is_ours,
          coalesce(j.is_value AND CASE
            WHEN j.vartype = 'bool' THEN (lower(j.value) IN ('on', 'true', 'yes', '1', 't', 'y', 'tr', 'tru', 'ye'))
              = (j.held = 'on')
            WHEN j.vartype = 'integer' THEN round(j.amount) = j.held::numeric
            WHEN j.vartype = 'real' THEN j.amount::float8 = j.held::float8
            WHEN j.vartype = 'enum' THEN lower(j.value) = lower(j.held)
              OR lower(j.value) IN ('on', 'true', 'yes', '1') AND j.held = 'on'
              OR lower(j.value) IN ('off', 'false', 'no', '0') AND j.held = 'off'
            WHEN lower(j.name) IN (\(lists.map { "'\($0)'" }.joined(separator: ", ")))
              THEN regexp_replace(j.value, '[\\s"]+', '', 'g') = regexp_replace(j.held, '[\\s"]+', '', 'g')
            ELSE j.value = j.held END, false) AS is_equal,
          pg_has_role('pg_read_all_settings', 'USAGE') AS may_see_all,
          (SELECT string_agg(concat_ws(' ', 'database ' || d.datname, 'role ' || r.rolname), ', ')
            FROM pg_catalog.pg_db_role_setting o LEFT JOIN pg_catalog.pg_database d ON d.oid = o.setdatabase
            LEFT JOIN pg_catalog.pg_roles r ON r.oid = o.setrole, unnest(o.setconfig) c
            WHERE lower(split_part(c, '=', 1)) = lower(j.name)) AS overridden_for
        FROM judged j ORDER BY j.place
        """

    /// Whether the files themselves may be read: by a superuser, or whoever was granted it.
    static let mayReadFiles = """
        SELECT has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE')
          AND has_table_privilege('pg_catalog.pg_file_settings', 'SELECT') AS may_read
        """
}
