import Host
import Maintenance
import Sandbox
import Foundation
import Testing
@testable import ClientPostgreSQL
struct Tmp {
    @Test func timing() async throws {
        try await withDatabase { _, _, client in
            for sql in ["SELECT n FROM generate_series(1, 100000) n",
                "SELECT generate_series(1, 1000000)", "SELECT repeat('x', 1000000) FROM generate_series(1, 100)",
                "SELECT repeat('x', 60000000)", "SELECT repeat('x', 1000000000)", "SELECT 1"
            ] {
                let s = Host.system.steady()
                let found = try await cause { _ = try await client.access(within: .seconds(30)).query(sql) }
                let rss = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n").first { $0.hasPrefix("VmHWM") }
                print("TIMING", sql, Host.system.steady() - s, found?.code.rawValue ?? "", rss ?? "")
            }
        }
    }
}
