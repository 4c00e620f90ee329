import Maintenance
import Testing

struct OutdatedDependenciesTests {
    @Test func whatPipLists() async throws {
        let reports = try Reports()
        let list = try reports.write(
            "outdated.json",
            #"[{"name":"django","version":"3.2.1","latest_version":"5.0","latest_filetype":"wheel"},{"name":"six","version":"1.16.0","latest_version":"1.17.0"},{"name":"pytz","version":"2024.1.1","latest_version":"2024.1.2"}]"#
        )
        let seen = try await reports.look("dependencies.outdated", [.text("manager", "pip"), .text("list", list)])
        #expect(seen.value("outdated") == 3 && seen.value("major") == 1 && seen.value("minor") == 1)
        #expect(seen.value("patch") == 1 && seen.missing["installed"] != nil && seen.value("age") == 6)
        let held = try await reports.look(
            "dependencies.outdated", [.text("manager", "pip"), .text("list", list), .list("ignore", "Django")])
        #expect(held.value("major") == 0)
    }

    /// pip prints an empty list and ends well where it reached no index.
    @Test func anEmptyListNeedsProof() async throws {
        let reports = try Reports()
        let list = try reports.write("outdated.json", "[]")
        let alone: [PlanValue.Entry] = [.text("manager", "pip"), .text("list", list)]
        #expect(await reports.cause("dependencies.outdated", alone) == .partlyCovered)
        let all = try reports.write("all.json", #"[{"name":"six","version":"1.17.0"}]"#)
        let seen = try await reports.look("dependencies.outdated", alone + [.text("installed", all)])
        #expect(seen.value("outdated") == 0 && seen.value("installed") == 1)
        try reports.write("all.json", "[]")
        #expect(await reports.cause("dependencies.outdated", alone + [.text("installed", all)]) == .noData)
    }

    @Test func whatNPMLists() async throws {
        let reports = try Reports()
        let list = try reports.write(
            "npm.json",
            #"{"left-pad":{"current":"1.0.0","wanted":"1.3.0","latest":"1.3.0"},"vue":{"wanted":"2.7.0","latest":"3.4.0"},"ms":[{"current":"1.0.0","latest":"2.0.0"},{"current":"2.0.0-beta","latest":"2.0.1"}]}"#
        )
        let seen = try await reports.look("dependencies.outdated", [.text("manager", "npm"), .text("list", list)])
        #expect(seen.value("outdated") == 4 && seen.value("missing") == 1 && seen.value("major") == 1)
        try reports.write("npm.json", "{}")
        #expect(
            try await reports.look("dependencies.outdated", [.text("manager", "npm"), .text("list", list)])
                .value("outdated") == 0)
        try reports.write("npm.json", #"{"error":{"code":"ENOTFOUND","summary":"request to registry failed"}}"#)
        #expect(
            await reports.cause("dependencies.outdated", [.text("manager", "npm"), .text("list", list)]) == .unreachable
        )
    }

    @Test(arguments: [
        ("[{}]", "malformed"), ("{}", "malformed"), ("", "no-data"), ("WARNING: retrying", "malformed"),
    ])
    func whatIsNoList(text: String, code: String) async throws {
        let reports = try Reports()
        let list = try reports.write("list.json", text)
        let cause = await reports.cause("dependencies.outdated", [.text("manager", "pip"), .text("list", list)])
        #expect(cause?.rawValue == code)
    }

    @Test func aListOfLastMonth() async throws {
        let reports = try Reports()
        let list = try reports.write(
            "list.json", #"[{"name":"a","version":"1","latest_version":"2"}]"#, at: "2026-10-22T03:00:00Z")
        #expect(await reports.cause("dependencies.outdated", [.text("manager", "pip"), .text("list", list)]) == .stale)
    }
}
