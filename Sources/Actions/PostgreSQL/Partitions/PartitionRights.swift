import ClientPostgreSQL
import Maintenance

extension Right {
    /// Membership in the owner of a table, which making and dropping its partitions needs.
    static func owner(of table: TableName, _ reason: String) -> [Right] {
        let block = """
            DO $$DECLARE o record; BEGIN SELECT r.rolname, r.rolsuper INTO o FROM pg_class c JOIN pg_roles r \
            ON r.oid = c.relowner WHERE c.oid = to_regclass(\(quotedLiteral(table.text))); IF o.rolsuper THEN \
            RAISE EXCEPTION 'the superuser % owns the table: give it another owner', o.rolname; END IF; \
            EXECUTE format('GRANT %I TO {role}', o.rolname); END$$;
            """
        return usage(.change, table) + [postgresql(.change, block, reason)]
    }

    /// Where the table lies, whatever the search path makes of its name.
    static func create(besides table: TableName, _ reason: String) -> Right {
        postgresql(
            .change,
            """
            DO $$BEGIN EXECUTE (SELECT format('GRANT CREATE ON SCHEMA %I TO {role}', n.nspname) FROM pg_class c \
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(\(quotedLiteral(table.text)))); \
            END$$;
            """, reason)
    }
}
