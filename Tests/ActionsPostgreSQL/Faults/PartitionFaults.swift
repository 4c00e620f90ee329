import Maintenance
import TestSupport

extension DatabaseFault {
    private static let months = PartitionTables.months(-3, 2, default: true)
    private static let archived = PartitionDropTests.schema() + PartitionDropTests.copy
    private static let make: PlanValue = ["table": "readings", "every": "1 month"]
    private static let fail = FaultAnswer(.fail, .partlyCovered)

    /// Times are told by the catalog alone, so that everybody sees them; rows are not.
    static let partitions: [DatabaseFault] = [
        DatabaseFault(
            "postgresql.partitions", "healthy", "nothing is wrong", .pass, .pass, .hidden,
            sql: PartitionTables.months(-3, 2) + PartitionTables.thousands(3) + "GRANT SELECT ON events TO pg_monitor"),
        DatabaseFault(
            "postgresql.partitions", "none-for-now", "the last partition has ended", FaultAnswer(.fail, .notFound),
            FaultAnswer(.fail, .notFound), FaultAnswer(.fail, .notFound), sql: PartitionTables.months(-3, -1)),
        DatabaseFault(
            "postgresql.partitions", "none-ahead", "no partition follows the one in use", .overThreshold,
            .overThreshold, .overThreshold, sql: PartitionTables.months(-3, 0)),
        DatabaseFault(
            "postgresql.partitions", "hole-ahead", "there is a hole between partitions to come", fail, fail, fail,
            sql: PartitionTables.months(-1, 3)
                + "DO $$BEGIN EXECUTE 'DROP TABLE readings_p' || to_char(now() + interval '2 months', 'YYYY_MM'); END$$"
        ),
        DatabaseFault(
            "postgresql.partitions", "default-blocks", "rows in DEFAULT keep the next partition from being made", fail,
            .hidden, .hidden, sql: months + "INSERT INTO readings (at) VALUES (now() + interval '1 year')"),
        DatabaseFault(
            "postgresql.partitions", "overdue", "partitions are older than they may become",
            with: ["retain": "1 month"], .overThreshold, .overThreshold, .overThreshold,
            sql: PartitionTables.months(-6, 2)),
        DatabaseFault(
            "postgresql.partitions", "half-detached", "detaching a partition was begun and not ended",
            FaultAnswer(.warn, .partlyCovered), FaultAnswer(.warn, .partlyCovered), FaultAnswer(.warn, .partlyCovered),
            sql: PartitionTables.months(-3, 2) + """
                UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = (SELECT min(c.oid) FROM pg_class c
                WHERE relname LIKE 'readings_p%' AND relkind = 'r')
                """),
        DatabaseFault(
            "postgresql.create-partitions", "default-holds-rows", "rows of a partition to be made lie in DEFAULT",
            with: make, fail, .hidden, .hidden,
            sql: months + "INSERT INTO readings (at) VALUES (now() + interval '3 months')"),
        DatabaseFault(
            "postgresql.create-partitions", "name-taken", "a table has the name that a partition would get",
            with: make, FaultAnswer(.fail, .init(rawValue: "duplicates")),
            FaultAnswer(.fail, .init(rawValue: "duplicates")), FaultAnswer(.fail, .init(rawValue: "duplicates")),
            sql: PartitionTables.months(-3, 2)
                + "DO $$BEGIN EXECUTE 'CREATE TABLE readings_p' || to_char(now() + interval '3 months', 'YYYY_MM') || ' ()'; END$$"
        ),
        DatabaseFault(
            "postgresql.drop-partitions", "not-archived", "a row is not in the archive, or has other values there",
            with: PartitionDropTests.archived, FaultAnswer(.fail, .rejected), .hidden, .hidden,
            sql: archived + "UPDATE readings_archive SET value = 99 WHERE id = (SELECT max(id) FROM readings)"),
        DatabaseFault(
            "postgresql.delete-orphans", "parent-empty", "the table that is referred to is empty",
            with: OrphanTests.parameters, FaultAnswer(.fail, .rejected), .hidden, .hidden,
            sql: OrphanTests.schema + "DELETE FROM orders"),
    ]
}
