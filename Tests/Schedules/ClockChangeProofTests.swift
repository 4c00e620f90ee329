import ClockWalk
import Foundation
import Host
import Schedules
import Testing

/// Schedules around changes of the clocks, against a walk over every minute. `make proof` takes every change of every
/// zone from 2000 to 2037; here the odd ones are looked at, and some drawn at random.
@Suite struct ClockChangeProofTests {
    /// The first change of a zone from a day on.
    static let odd: [(zone: String, from: String)] = [
        // A day left out; half an hour; back for Ramadan and forward again.
        ("Pacific/Apia", "2011-12-01"), ("Australia/Lord_Howe", "2026-03-01"), ("Australia/Lord_Howe", "2026-09-01"),
        ("Africa/Casablanca", "2026-02-01"), ("Africa/Casablanca", "2026-03-10"), ("Africa/El_Aaiun", "2031-11-01"),
        ("Africa/Cairo", "2010-08-01"), ("Africa/Cairo", "2014-05-01"),
        // Midnight is left out, or comes twice.
        ("Asia/Beirut", "2026-03-01"), ("Asia/Beirut", "2026-10-01"), ("America/Sao_Paulo", "2018-11-01"),
        ("America/Sao_Paulo", "2019-02-01"), ("Asia/Amman", "2021-03-01"), ("Africa/Cairo", "2026-04-01"),
        // The standard time itself moved.
        ("America/Nuuk", "2023-03-01"), ("Asia/Pyongyang", "2015-08-01"), ("Asia/Pyongyang", "2018-05-01"),
        ("America/Caracas", "2007-12-01"), ("Asia/Kathmandu", "1985-12-01"), ("Pacific/Kwajalein", "1993-08-01"),
        ("Antarctica/Troll", "2026-03-01"), ("Antarctica/Troll", "2026-10-01"), ("Antarctica/Casey", "2009-10-01"),
    ]

    private static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(name)")))
    }

    @Test(arguments: odd)
    func oddChangesAreRight(name: String, from: String) throws {
        let bytes = try Self.bytes(name)
        let table = try #require(TransitionTable(name: name, tzif: bytes))
        let start = try instant("\(from)T00:00:00Z").secondsSinceEpoch
        let change = try #require(table.changes.first { $0.at >= start })
        #expect(change.at < start + 120 * 86_400, "no such change")
        var proof = try ClockProof()
        proof.compare(change, of: table, in: try Zone(name: name, tzif: bytes))
        #expect(proof.differences == [])
        #expect(proof.comparisons > 20_000)
    }

    @Test func changesDrawnAtRandomAreRight() throws {
        var state: UInt64 = 20_260
        func draw(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        let list = try String(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/tzdata.zi"), encoding: .utf8)
        let names = list.split(separator: "\n").filter { $0.hasPrefix("Z ") }
            .compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) }
        var proof = try ClockProof()
        while proof.changes < 20 {
            let name = names[draw(names.count)]
            let bytes = try Self.bytes(name)
            let table = try #require(TransitionTable(name: name, tzif: bytes))
            let changes = table.changes.filter { ClockProof.years.contains($0.at) }
            guard !changes.isEmpty else { continue }
            proof.compare(changes[draw(changes.count)], of: table, in: try Zone(name: name, tzif: bytes))
        }
        #expect(proof.differences == [])
    }
}
