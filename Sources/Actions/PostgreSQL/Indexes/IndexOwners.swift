import ClientPostgreSQL
import Maintenance

extension FoundIndex {
    /// A block that makes a role a member of the owners of all tables whose indexes match, and refuses superusers.
    static func grantOwners(indexes: [IndexPattern], tables: [TablePattern], except: [IndexPattern]) -> String {
        func list(_ expressions: [String]) -> String {
            "ARRAY[\(expressions.map { quotedLiteral($0) }.joined(separator: ", "))]::text[]"
        }
        func matches(_ relation: String, _ schema: String, _ expressions: [String]) -> String {
            """
            (\(schema).nspname || '.' || \(relation).relname ~ ANY (\(list(expressions))) \
            OR pg_table_is_visible(\(relation).oid) AND \(relation).relname ~ ANY (\(list(expressions))))
            """
        }
        return """
            DO $$DECLARE o record; BEGIN FOR o IN SELECT DISTINCT r.rolname, r.rolsuper FROM pg_index i \
            JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
            JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace m ON m.oid = t.relnamespace \
            JOIN pg_roles r ON r.oid = t.relowner WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') \
            AND (\(matches("c", "n", indexes.map(\.expression))) OR \(matches("t", "m", tables.map(\.expression)))) \
            AND NOT \(matches("c", "n", except.map(\.expression))) \
            LOOP IF o.rolsuper THEN RAISE EXCEPTION 'tables of the superuser % match: give them another owner', \
            o.rolname; \
            END IF; EXECUTE format('GRANT %I TO {role}', o.rolname); END LOOP; END$$;
            """
    }

    /// The same for one table.
    static func grantOwner(of table: TableName) -> String {
        """
        DO $$DECLARE o record; BEGIN SELECT r.rolname, r.rolsuper INTO STRICT o FROM pg_class c \
        JOIN pg_roles r ON r.oid = c.relowner WHERE c.oid = \(quotedLiteral(table.text))::regclass; \
        IF o.rolsuper THEN RAISE EXCEPTION 'the table belongs to the superuser %: give it another owner', o.rolname; \
        END IF; EXECUTE format('GRANT %I TO {role}', o.rolname); END$$;
        """
    }
}
