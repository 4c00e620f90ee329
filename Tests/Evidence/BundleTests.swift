import Evidence
import Foundation
import Host
import Journal
import Maintenance
import Testing

/// What is found in a bundle that was altered, and that nothing is found in one that was not.
@Suite struct BundleTests {
    @Test func aBundleIsWholeAndTellsWhatItIs() async throws {
        let bundle = try await Sample.bundle()
        let verified = try VerifiedBundle(bundle)
        #expect(verified.manifest.run == Sample.row("r1"))
        #expect(verified.records.count == 3)
        #expect(verified.manifest.head == verified.records.last.map { ChainTip($0) })
        #expect(verified.checkpoints.map(\.run) == ["r1", "r2"])
        #expect(verified.key == (try Sample.key().publicKey))
        #expect(verified.manifest.notes.isEmpty)
        // The same contents are the same bytes.
        #expect(try await Sample.bundle() == bundle)
    }

    /// Each byte of a bundle, altered in one bit and in all.
    @Test func everyAlteredByteIsFound() async throws {
        let bundle = try await Sample.bundle()
        var missed: [Int] = []
        for index in bundle.indices {
            var altered = bundle
            altered[index] ^= index.isMultiple(of: 8) ? 0xFF : UInt8(1 << (index % 8))
            if brokenLink(altered) == nil { missed.append(index) }
        }
        #expect(missed.isEmpty)
        #expect(bundle.count > 4096)
    }

    @Test func everyCutAndEveryAppendedByteIsFound() async throws {
        let bundle = try await Sample.bundle()
        for length in stride(from: 0, to: bundle.count, by: 97) + [bundle.count - 1, bundle.count - 512] {
            #expect(brokenLink(Array(bundle.prefix(length))) != nil, "\(length)")
        }
        for tail in [[0], [1], [UInt8](repeating: 0, count: 512), [UInt8](repeating: 0, count: 1024), bundle] {
            #expect(brokenLink(bundle + tail)?.link == "the file's end")
        }
    }

    /// Members are whole blocks: taken out, put twice or swapped, each by itself remains a whole member.
    @Test func droppedDoubledAndMovedMembersAreFound() async throws {
        let bundle = try await Sample.bundle()
        let members = Self.members(of: bundle)
        #expect(members.count >= 7)
        let end = [UInt8](repeating: 0, count: 1024)
        for index in members.indices {
            var others = members
            others.remove(at: index)
            #expect(brokenLink(others.flatMap { $0 } + end) != nil, "without \(index)")
            others.insert(contentsOf: [members[index], members[index]], at: index)
            #expect(brokenLink(others.flatMap { $0 } + end) != nil, "\(index) twice")
            var moved = members
            moved.swapAt(index, (index + 1) % members.count)
            #expect(brokenLink(moved.flatMap { $0 } + end) != nil, "\(index) moved")
            others = members
            others.append(members[index])
            #expect(brokenLink(others.flatMap { $0 } + end) != nil, "\(index) again at the end")
        }
        // Put together again as they were, they are the bundle.
        #expect(members.flatMap { $0 } + end == bundle)
    }

    @Test func theFirstBrokenLinkIsNamed() async throws {
        let bundle = try await Sample.bundle()
        func altered(_ text: String, _ with: String) throws -> BrokenLink? {
            let place = try #require(bundle.firstRange(of: Array(text.utf8)))
            var copy = bundle
            copy.replaceSubrange(place, with: Array(with.utf8))
            return brokenLink(copy)
        }
        #expect(try altered("# Weekly", "# Weakly")?.link == "member report.md")
        #expect(try altered(#"\"_0\":\"pass\""#, #"\"_0\":\"fail\""#)?.link == "member records.jsonl")
        let record = try altered(#"\"_0\":\"pass\""#, #"\"_0\":\"fail\""#)
        #expect(record?.sentence.contains("record 3: its body was altered") == true, "\(record?.sentence ?? "")")
        #expect(try altered("rows of r1: 42", "rows of r1: 43")?.link.hasPrefix("member evidence/") == true)
        #expect(try altered(#""verdict":"pass""#, #""verdict":"fail""#)?.link == "manifest.sig")
    }

    @Test func anotherKeyIsSeenWhenItIsPinned() async throws {
        var host = Sample.host
        host.random = { 99 }
        let other = try SigningKey(from: host)
        let bundle = try await Sample.bundle(key: other)
        #expect(try VerifiedBundle(bundle).key.fingerprint == other.publicKey.fingerprint)
        let ours = try Sample.key().publicKey.fingerprint
        #expect(brokenLink(bundle, pinned: ours)?.sentence.contains(ours) == true)
        #expect(brokenLink(bundle, pinned: other.publicKey.fingerprint) == nil)
    }

    @Test func aRunThatIsNotOverSaysSo() async throws {
        let store = MemoryJournal()
        try await store.append(Sample.run("r1", state: .running))
        let contents = try await BundleContents.read(Sample.row("r1", state: .running), from: store)
        let bundle = try contents.signed(by: try Sample.key(), at: Sample.start)
        let verified = try VerifiedBundle(bundle)
        #expect(verified.manifest.run.state == .running)
        #expect(verified.manifest.notes == ["The run was not over when this was exported."])
    }

    @Test func whatRetentionErasedIsErasedAndNotBroken() async throws {
        let (journal, _) = try await Sample.journal(["r1", "r2"])
        let later = Sample.host.now()
        #expect(
            try await journal.prune(PruningFilter(.bodies, endedBefore: later, limit: 10)).map(\.id) == ["r1"])
        let contents = try await BundleContents.read(Sample.row("r1"), from: journal)
        let verified = try VerifiedBundle(try contents.signed(by: try Sample.key(), at: later))
        #expect(verified.manifest.erased == [Sample.evidence("r1").digest])
        #expect(verified.manifest.notes.first?.contains("Retention removed") == true)

        // The same hole without a word from retention is one.
        let store = MemoryJournal()
        var batch = Sample.run("r1")
        batch.bodies = []
        try await store.append(batch)
        let lost = try await BundleContents.read(Sample.row("r1"), from: store)
        let link = brokenLink(try lost.signed(by: try Sample.key(), at: later))
        #expect(link?.sentence.contains("had lost it") == true)
    }

    /// Sizes that lie and names that lead elsewhere: refused before anything is held or opened.
    @Test(arguments: ["../../etc/passwd", "/etc/passwd", "a//b", ".hidden", "a/../b", "a b", "ü", "", "a\u{1}"])
    func hostileNamesAreRefused(name: String) async throws {
        let block = Self.header(name, size: "00000000000")
        #expect(brokenLink(block + [UInt8](repeating: 0, count: 1024)) != nil)
    }

    @Test func sizesThatLieAreRefused() {
        for size in ["77777777777", "00000001000", "99999999999", "-0000000001"] {
            let block = Self.header("manifest.json", size: size)
            #expect(brokenLink(block + [UInt8](repeating: 0, count: 1024)) != nil)
        }
        #expect(brokenLink([]) != nil)
        #expect(brokenLink([UInt8](repeating: 0, count: 1024)) != nil)
    }

    /// Whole members, cut out by their sizes.
    private static func members(of bundle: [UInt8]) -> [[UInt8]] {
        var members: [[UInt8]] = []
        var start = 0
        while start < bundle.count, bundle[start] != 0 {
            let size = Int(String(decoding: bundle[(start + 124)..<(start + 135)], as: UTF8.self), radix: 8) ?? 0
            let length = 512 + (size + 511) / 512 * 512
            members.append(Array(bundle[start..<(start + length)]))
            start += length
        }
        return members
    }

    private static func header(_ name: String, size: String) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        block.replaceSubrange(0..<name.utf8.count, with: Array(name.utf8))
        let fields = [(100, "0000644"), (108, "0000000"), (116, "0000000"), (124, size), (136, "00000000000")]
        for (place, text) in fields + [(148, "        "), (156, "0"), (257, "ustar\u{0}00")] {
            block.replaceSubrange(place..<(place + text.utf8.count), with: Array(text.utf8))
        }
        let digits = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
        let sum = String(repeating: "0", count: 6 - digits.count) + digits + "\u{0}"
        block.replaceSubrange(148..<155, with: Array(sum.utf8))
        return block
    }
}
