import Maintenance
import TestSupport

extension DatabaseFault {
    static let connections: [DatabaseFault] = [
        DatabaseFault(
            "postgresql.connections", "healthy", "nothing is wrong", settings: [:], .pass, .pass, .hidden
        ) { bench in
            let other = try await OtherSession.open(bench)
            return { await other.close() }
        },
        DatabaseFault(
            "postgresql.connections", "few-connections-left", "a database's own limit of connections is reached",
            FaultAnswer(.fail, .threshold), FaultAnswer(.fail, .threshold), FaultAnswer(.fail, .threshold)
        ) { bench in
            try await bench.sql("ALTER DATABASE \(bench.database) CONNECTION LIMIT 1")
            return nil
        },
    ]
}
