import Host
import Testing

@testable import ClientKubernetes

/// Times and lines, whatever pieces they come in.
struct LogLineTests {
    @Test(arguments: [
        ("2026-11-21T10:00:00.123456789Z", "2026-11-21T10:00:00.123456789Z"),
        ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00.000000000Z"),
        ("2026-11-21T10:00:00.5Z", "2026-11-21T10:00:00.500000000Z"),
        ("2026-11-21T12:00:00.000000001+02:00", "2026-11-21T10:00:00.000000001Z"),
        ("2026-11-20T23:30:00-10:30", "2026-11-21T10:00:00.000000000Z"),
    ])
    func readsTimes(_ text: String, _ expected: String) {
        #expect(LogTime(Array(text.utf8)[...])?.description == expected)
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21T10:00:00", "2026-13-21T10:00:00Z", "2026-11-21T25:00:00Z", "2026-11-21 10:00:00Z",
        "2026-11-21T10:00:00.Z", "2026-11-21T10:00:00.1234567890Z", "failed to try resolving symlinks",
        "2026-11-21T10:00:00+2:00", "2026-11-21T10:00:00Zx", "９026-11-21T10:00:00Z",
    ])
    func refusesWhatIsNoTime(_ text: String) {
        #expect(LogTime(Array(text.utf8)[...]) == nil)
    }

    private static let text = [line(0, 1, "one"), line(0, 2, ""), line(1, 0, "  two words "), line(2, 0, "ünï 漢")]
        .map { $0 + "\n" }.joined()

    private func read(_ pieces: [[UInt8]], limit: Int = 1000, _ long: LongLines = .cut) -> [LogLine] {
        var reader = LogLineReader(limit: limit, longLines: long)
        var lines = pieces.flatMap { reader.read($0) }
        lines += reader.end()
        return lines
    }

    @Test func everySplitGivesTheSameLines() {
        let bytes = Array(Self.text.utf8)
        let expected = ["one", "", "  two words ", "ünï 漢"]
        for split in 0...bytes.count {
            let lines = read([Array(bytes[..<split]), Array(bytes[split...])])
            #expect(lines.map { String(decoding: $0.bytes, as: UTF8.self) } == expected, "split at \(split)")
            #expect(lines.allSatisfy { $0.isEnd && !$0.isContinued && !$0.isCut })
        }
        #expect(read(bytes.map { [$0] }).count == 4)
    }

    @Test func invalidUTF8StaysAsItIs() {
        let odd: [UInt8] = [0xff, 0xfe, 0x00, 0x80, 0x0d]
        let lines = read([Array(line(0).utf8.dropLast()) + odd + [10]])
        #expect(lines.map { Array($0.bytes) } == [odd])
    }

    @Test func aLongLineIsCutAndOnlyOnceThere() {
        let long = Array(line(0, 0, String(repeating: "a", count: 5000)).utf8) + [10] + Array(line(1).utf8) + [10]
        for size in [1, 7, 64, 4000] {
            let pieces = stride(from: 0, to: long.count, by: size).map { Array(long[$0..<min($0 + size, long.count)]) }
            let lines = read(pieces, limit: 200)
            #expect(lines.count == 2)
            #expect(lines.first?.isCut == true && lines.first?.bytes.count == 200 - 31)
            #expect(lines.last.map { String(decoding: $0.bytes, as: UTF8.self) } == "x")
        }
    }

    @Test func aLongLineInPiecesIsWhole() {
        let text = (0..<5000).map { "\($0 % 10)" }.joined()
        let long = Array(line(0, 0, text).utf8) + [10] + Array(line(1).utf8) + [10]
        for size in [1, 7, 64, 4000] {
            let pieces = stride(from: 0, to: long.count, by: size).map { Array(long[$0..<min($0 + size, long.count)]) }
            let lines = read(pieces, limit: 200, .pieces)
            let first = lines.prefix { !$0.isEnd } + [lines[lines.count - 2]]
            #expect(String(decoding: first.flatMap(\.bytes), as: UTF8.self) == text)
            #expect(lines.filter { !$0.isContinued }.count == 2)
            #expect(lines.filter(\.isEnd).count == 2)
        }
    }

    @Test func memoryStaysBelowTheLimitWhateverComes() {
        var reader = LogLineReader(limit: 1 << 16, longLines: .cut)
        let chunk = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 16)
        _ = reader.read(Array(line(0).utf8))
        for _ in 0..<1600 {
            _ = reader.read(chunk)
            #expect(reader.heldBytes <= 1 << 16)
        }
        #expect(reader.read([10]).isEmpty)
        #expect(reader.heldBytes == 0)
    }

    @Test func linesWithoutATimeAreNobodys() {
        var reader = LogLineReader(limit: 100, longLines: .cut)
        let lines = reader.read(Array("unable to retrieve container logs\n\n\(line(1))\n".utf8))
        #expect(lines.count == 1)
        #expect(reader.strayLines == 2)
        // One that is longer than anything stays one.
        _ = reader.read([UInt8](repeating: UInt8(ascii: "z"), count: 1000) + [10])
        #expect(reader.strayLines == 3)
    }
}
