import Host
import Maintenance
import Testing

@Suite struct EvidenceTests {
    private let log: EvidenceLog = {
        var host = Host.system
        host.now = { Instant(secondsSinceEpoch: 1_795_312_800) }
        return EvidenceLog(host: host)
    }()

    @Test func theDigestIsThatOfTheWholeAnswer() throws {
        log.note(source: "db", statement: "SELECT 1", answer: Array("abc".utf8))
        log.note(source: "db", statement: "SELECT big", answer: [UInt8](repeating: 97, count: 1_000_000))
        log.note(source: "db", statement: "SELECT nothing", answer: [UInt8]())
        let noted = log.drain()
        // The digests of FIPS 180-2.
        #expect(
            noted.map(\.digest) == [
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ])
        #expect(noted.map(\.excerpt) == ["abc", String(repeating: "a", count: Limits.evidenceExcerpt), ""])
        #expect(noted[0].observedAt == Instant(secondsSinceEpoch: 1_795_312_800))
        #expect(noted[0].statement == "SELECT 1")
        #expect(noted[0].source == "db")
    }

    @Test func whatWasHandedOverIsNotHandedOverAgain() {
        log.note(source: "db", statement: "a", answer: [1])
        #expect(log.drain().count == 1)
        #expect(log.drain().isEmpty)
        log.note(source: "db", statement: "b", answer: [1])
        #expect(log.drain().map(\.statement) == ["b"])
    }

    @Test func itStaysReadable() {
        log.note(source: "db", statement: String(repeating: "x", count: 10_000), answer: [1])
        for _ in 0..<(Limits.evidencePerStep + 50) { log.note(source: "db", statement: "a", answer: [1]) }
        let noted = log.drain()
        #expect(noted.count == Limits.evidencePerStep)
        #expect(noted[0].statement.count == Limits.evidenceStatement)
    }

    @Test func manyTasksNoteAtOnce() async {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask { [log] in log.note(source: "db", statement: "\(number)", answer: [UInt8(number)]) }
            }
        }
        #expect(Set(log.drain().map(\.statement)).count == 100)
    }

    @Test func hexHasTwoFiguresAByte() {
        #expect(hex([0, 1, 15, 16, 255]) == "00010f10ff")
        #expect(sha256Hex("abc".utf8).hasPrefix("ba7816bf"))
    }
}
