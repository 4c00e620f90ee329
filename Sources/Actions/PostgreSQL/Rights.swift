import ClientPostgreSQL
import Maintenance

extension Right {
    /// The right to connect, whatever the database's name.
    static func connect(_ purpose: Purpose) -> Right {
        postgresql(
            purpose,
            "DO $$BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO {role}', current_database()); END$$;",
            "to reach the database")
    }

    static func select(_ purpose: Purpose, _ tables: [TableName], _ reason: String) -> [Right] {
        tables.flatMap { table in
            usage(purpose, table) + [postgresql(purpose, "GRANT SELECT ON \(table.text) TO {role};", reason)]
        }
    }

    /// Sees what other roles' sessions do and since when.
    static func readStatistics(_ reason: String) -> Right {
        postgresql(.look, "GRANT pg_read_all_stats TO {role};", reason)
    }

    static func postgresql(_ purpose: Purpose, _ grant: String, _ reason: String) -> Right {
        Right(PostgreSQLKind.name, purpose, grant, reason: reason)
    }

    /// The schema `public` is open to all unless somebody closed it; any other has to be opened.
    static func usage(_ purpose: Purpose, _ table: TableName) -> [Right] {
        guard let schema = table.schema, schema != "public" else { return [] }
        return [postgresql(purpose, "GRANT USAGE ON SCHEMA \(schema) TO {role};", "to reach tables of \(schema)")]
    }
}
