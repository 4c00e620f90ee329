import Foundation
import Host
import Schedules
import Testing

/// The files in Tests/Fixtures/zones, which Tests/Fixtures/zones/generate.py made.
enum ZoneFixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/zones")

    static let names = [
        "America/New_York", "Europe/Berlin", "Europe/Dublin", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu",
        "America/Sao_Paulo", "Africa/Casablanca", "America/Nuuk", "Asia/Tehran", "Antarctica/Troll", "Etc/GMT+3",
    ]

    static func bytes(_ name: String) throws -> [UInt8] {
        let file = folder.appendingPathComponent(name.replacingOccurrences(of: "/", with: "_") + ".tzif")
        return Array(try Data(contentsOf: file))
    }

    static func zone(_ name: String) throws -> Zone { try Zone(name: name, tzif: try bytes(name)) }

    /// The lines of numbers under a zone's name.
    static func lines(_ file: String, of name: String) throws -> [[Int64]] {
        let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
        var result: [[Int64]] = []
        var isWanted = false
        for line in text.split(separator: "\n") {
            if line.first?.isLetter == true {
                isWanted = line == name
            } else if isWanted {
                result.append(line.split(separator: " ").compactMap { Int64($0) })
            }
        }
        return result
    }

    /// A zone's file with one kind of time and this last line.
    static func file(
        offset: Int32 = 0, footer: String, version: String = "2", leaps: UInt32 = 0,
        times: [(Int64, UInt8)] = []
    ) -> [UInt8] {
        func number(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        func header(_ counts: [UInt32]) -> [UInt8] {
            Array("TZif\(version)".utf8) + [UInt8](repeating: 0, count: 15) + counts.flatMap(number)
        }
        return header([0, 0, 0, 0, 1, 1]) + [0, 0, 0, 0, 0, 0, 0]
            + header([0, 0, leaps, UInt32(times.count), 1, 4]) + times.flatMap { number($0.0) } + times.map(\.1)
            + number(offset) + [0, 0] + Array("LMT\0".utf8) + [UInt8](repeating: 0, count: Int(leaps) * 12)
            + Array("\n\(footer)\n".utf8)
    }
}

func instant(_ text: String) throws -> Instant { try #require(Instant(text), "\(text) is no instant") }

func local(_ text: String) throws -> LocalTime {
    let date = try #require(CivilDate(String(text.prefix(10))))
    let parts = text.dropFirst(11).split(separator: ":").compactMap { Int($0) }
    return LocalTime(date, secondOfDay: parts[0] * 3600 + parts[1] * 60 + (parts.count > 2 ? parts[2] : 0))
}
