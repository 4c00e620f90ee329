import Host
import Journal
import Maintenance
import TestSupport
import Testing

@Suite struct ChainTests {
    /// Computed by another program from the definition: the form of released journals never changes.
    @Test func theDigestIsTheOneOfTheDefinition() {
        let at = Instant(microsecondsSinceEpoch: 1_795_312_800_000_001)
        let first = Record.next(
            after: nil, run: "r-1", at: at, kind: "run.started", body: Array(#"{"plan":"x"}"#.utf8))
        let second = Record.next(
            after: first, run: "r-1", at: at + .microseconds(1), kind: "run.ended", body: Array("{}".utf8))
        #expect(first.sequence == 1)
        #expect(first.previous == "")
        #expect(first.digest == "ef7ae2f172407f38531a962f38b4ecefc1a2d1220a789d75f15ac6f45aa01286")
        #expect(second.sequence == 2)
        #expect(second.previous == first.digest)
        #expect(second.digest == "3fbc4e8667c3c13ffd7237895370f4b030c85942f5d5b117647c04358fea8b75")
    }

    @Test func aWholeChainIsAccepted() throws {
        try Record.verifyChain([])
        try Record.verifyChain(Sample.chain("r1", 1))
        try Record.verifyChain(Sample.chain("r1", 50))
    }

    @Test func anErasedBodyLeavesTheChainWhole() throws {
        var chain = Sample.chain("r1", 5)
        chain[2] = chain[2].erased
        #expect(chain[2].isErased)
        #expect(!chain[1].isErased)
        try Record.verifyChain(chain)
    }

    /// Each field of the third of five records altered in turn: the error names record 3.
    @Test(arguments: ["run", "sequence", "at", "kind", "body", "bodyDigest", "previous", "digest"])
    func anAlterationIsNamed(field: String) throws {
        var chain = Sample.chain("r1", 5)
        let old = chain[2]
        let other = String(repeating: "0", count: 64)
        chain[2] = Record(
            run: field == "run" ? "r2" : old.run, sequence: field == "sequence" ? 4 : old.sequence,
            at: field == "at" ? old.at + .microseconds(1) : old.at, kind: field == "kind" ? "unit.failed" : old.kind,
            body: field == "body" ? Array("{}".utf8) : old.body,
            bodyDigest: field == "bodyDigest" ? other : old.bodyDigest,
            previous: field == "previous" ? other : old.previous, digest: field == "digest" ? other : old.digest)
        let error = #expect(throws: JournalError.self) { try Record.verifyChain(chain) }
        #expect(error?.code == .corrupt)
        #expect(error?.sentence.contains("run r1 is broken at record 3:") == true)
    }

    /// A body altered together with its digest breaks the record; with the record's digest too, the next one.
    @Test func aForgedRecordBreaksTheNext() throws {
        var chain = Sample.chain("r1", 5)
        chain[2] = Record.next(after: chain[1], run: "r1", at: chain[2].at, kind: chain[2].kind, body: [123, 125])
        let error = #expect(throws: JournalError.self) { try Record.verifyChain(chain) }
        #expect(error?.sentence.contains("broken at record 4:") == true)
    }

    @Test func aMissingADoubledAndASwappedRecordAreNamed() throws {
        let chain = Sample.chain("r1", 5)
        for (records, place) in [
            (Array(chain[1...]), 1), (Array(chain[..<2] + chain[3...]), 3),
            ([chain[0], chain[0]], 2), ([chain[0], chain[2], chain[1]], 2),
        ] {
            let error = #expect(throws: JournalError.self) { try Record.verifyChain(records) }
            #expect(error?.sentence.contains("broken at record \(place):") == true)
        }
    }

    /// Lengths stand before the parts: moving a letter from one to the next is seen.
    @Test func partsDoNotRunIntoEachOther() {
        let one = Record.next(after: nil, run: "ab", at: Sample.start, kind: "c", body: [])
        let other = Record.next(after: nil, run: "a", at: Sample.start, kind: "bc", body: [])
        #expect(one.digest != other.digest)
    }

    @Test func anExportedRecordComesBackWithTheSameBytes() throws {
        let body = Array("{\"text\":\"\\\"é\\n\",\"n\":1.50}".utf8)
        let record = Record.next(after: nil, run: "r1", at: Sample.start, kind: "k", body: body)
        let json = try encodeJSON(record)
        #expect(try decodeJSON(Record.self, json) == record)
        #expect(try decodeJSON(Record.self, try encodeJSON(record.erased)) == record.erased)
        #expect(String(decoding: json, as: UTF8.self).contains(#""at":"2026-11-22T02:00:00Z""#))
        let binary = Record.next(after: nil, run: "r1", at: Sample.start, kind: "k", body: [0xFF])
        #expect(throws: EncodingError.self) { try encodeJSON(binary) }
    }

    @Test func errorsHaveTheExitCodesOfTheDesign() {
        for code in [
            JournalError.Code.conflict, .occurrenceTaken, .newerVersion, .corrupt, .full, .unreadable, .notFound,
        ] {
            #expect(JournalError(code, "x").exitCode == 74)
        }
        #expect(JournalError(.heldByAnother, "x").exitCode == 75)
    }
}
