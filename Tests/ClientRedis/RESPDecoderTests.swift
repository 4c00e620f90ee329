import Testing

@testable import ClientRedis

/// The codec: every split of the bytes gives the same, and nothing hostile gets in.
struct RESPDecoderTests {
    /// What a stream comes to when it arrives in these pieces.
    private func read(_ pieces: [[UInt8]]) throws -> [RESPDecoder.Message] {
        var decoder = RESPDecoder()
        var messages: [RESPDecoder.Message] = []
        for piece in pieces {
            decoder.append(piece)
            while let message = try decoder.next() { messages.append(message) }
        }
        return messages
    }

    private func read(_ text: String) throws -> [RESPDecoder.Message] { try read([Array(text.utf8)]) }

    /// One of everything, nested, with binary strings that look like the protocol.
    static let everything: [UInt8] = {
        var bytes = Array(
            "+OK\r\n-NOPERM no \"x\"\r\n:-42\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n_\r\n#t\r\n#f\r\n,3.5\r\n,inf\r\n".utf8)
        bytes += Array("(3492890328409238509324850943850943825024385\r\n!9\r\nBUSY what\r\n=7\r\ntxt:abc\r\n".utf8)
        bytes += Array("$12\r\n".utf8) + [0, 13, 10, 36, 53, 13, 10, 0xff, 0xfe, 42, 13, 10] + Array("\r\n".utf8)
        bytes += Array("%2\r\n+proto\r\n:3\r\n$4\r\nmode\r\n*2\r\n~2\r\n:1\r\n:2\r\n*0\r\n".utf8)
        bytes += Array(
            ">2\r\n+invalidate\r\n*1\r\n+key\r\n|1\r\n+ttl\r\n:5\r\n*2\r\n|1\r\n+a\r\n*1\r\n_\r\n:7\r\n+end\r\n".utf8)
        return bytes
    }()

    static let expected: [RESPDecoder.Message] = [
        .reply(.text("OK")), .reply(.error(RedisErrorReply("NOPERM no \"x\""))), .reply(.number(-42)),
        .reply(.text("")), .reply(.null), .reply(.null), .reply(.list([])), .reply(.null), .reply(.boolean(true)),
        .reply(.boolean(false)), .reply(.double(3.5)), .reply(.double(.infinity)),
        .reply(.text("3492890328409238509324850943850943825024385")), .reply(.error(RedisErrorReply("BUSY what"))),
        .reply(.text("abc")), .reply(.bytes([0, 13, 10, 36, 53, 13, 10, 0xff, 0xfe, 42, 13, 10])),
        .reply(
            .list([.text("proto"), .number(3), .text("mode"), .list([.list([.number(1), .number(2)]), .list([])])])),
        .push, .reply(.list([.number(7), .text("end")])),
    ]

    @Test func readsEverythingAtOnce() throws {
        #expect(try read([Self.everything]) == Self.expected)
    }

    @Test func everySplitInTwoGivesTheSame() throws {
        for split in 0...Self.everything.count {
            let pieces = [Array(Self.everything[..<split]), Array(Self.everything[split...])]
            #expect(try read(pieces) == Self.expected, "split at \(split)")
        }
    }

    @Test func everyPairOfNearSplitsGivesTheSame() throws {
        for split in 0..<(Self.everything.count - 3) {
            for width in 1...3 {
                let (a, b) = (split, split + width)
                let pieces = [
                    Array(Self.everything[..<a]), Array(Self.everything[a..<b]), Array(Self.everything[b...]),
                ]
                #expect(try read(pieces) == Self.expected, "splits at \(a) and \(b)")
            }
        }
    }

    @Test func byteByByteGivesTheSame() throws {
        #expect(try read(Self.everything.map { [$0] }) == Self.expected)
    }

    @Test func aPrefixIsNeverWhole() throws {
        let list = Array("*3\r\n$3\r\nabc\r\n:1\r\n*1\r\n+x\r\n".utf8)
        for end in 0..<list.count { #expect(try read([Array(list[..<end])]).isEmpty, "\(end) bytes") }
        #expect(try read([list]).count == 1)
    }

    @Test(arguments: [
        "x\r\n", "\r\n", "+OK\n", "$3\r\nabcd\r\n", "$x\r\n", "$-2\r\n", "*-2\r\n", ":12a\r\n", ":\r\n",
        ":99999999999999999999\r\n", "#x\r\n", "#\r\n", ",abc\r\n", "=2\r\nab\r\n", "HTTP/1.1 400 Bad Request\r\n",
        "$?\r\n", "*?\r\n", "%-1\r\n",
    ])
    func refusesWhatIsMalformed(_ text: String) {
        #expect(
            performing: { try read(text) },
            throws: { error in
                guard case RedisFailure.malformed = error else { return false }
                return true
            })
    }

    @Test(arguments: [
        "$16777217\r\n", "$9223372036854775807\r\n", "*500001\r\n", "*9223372036854775807\r\n", "%250001\r\n",
        String(repeating: "*1\r\n", count: 9), String(repeating: "*100000\r\n:1\r\n", count: 6),
    ])
    func refusesWhatIsTooLargeBeforeItComes(_ text: String) {
        #expect(
            performing: { try read(text) },
            throws: { error in
                guard case RedisFailure.tooLarge = error else { return false }
                return true
            })
    }

    @Test func anEndlessLineEnds() {
        var decoder = RESPDecoder()
        #expect(throws: RedisFailure.self) {
            for _ in 0..<100_000 {
                decoder.append(Array(repeating: UInt8(ascii: "a"), count: 1000))
                _ = try decoder.next()
            }
        }
    }

    @Test func aReplyOfManySmallPartsEnds() {
        var decoder = RESPDecoder()
        decoder.append(Array("*400000\r\n".utf8))
        let part = Array("$1000\r\n".utf8) + Array(repeating: 7, count: 1000) + [13, 10]
        #expect(throws: RedisFailure.self) {
            for _ in 0..<400_000 {
                decoder.append(part)
                guard try decoder.next() == nil else { return }
            }
        }
    }

    @Test func endlessAttributesEnd() {
        var decoder = RESPDecoder()
        #expect(throws: RedisFailure.self) {
            for _ in 0..<1_000_000 {
                decoder.append(Array("|1\r\n+a\r\n+b\r\n".utf8))
                _ = try decoder.next()
            }
        }
    }

    @Test func oneReplyDoesNotCountForTheNext() throws {
        var decoder = RESPDecoder()
        let reply = Array("$9000000\r\n".utf8) + Array(repeating: 1, count: 9_000_000) + [13, 10]
        for _ in 0..<3 {
            decoder.append(reply)
            #expect(try decoder.next() != nil)
        }
    }

    @Test func randomBytesNeverTrap() {
        var random = SystemRandomNumberGenerator()
        let letters = Array("+-:$*_#,(!=%~>|0123456789\r\nab?".utf8)
        for _ in 0..<3000 {
            var decoder = RESPDecoder()
            let bytes = (0..<Int.random(in: 1...60, using: &random)).map { _ in
                letters.randomElement(using: &random) ?? 0
            }
            decoder.append(bytes)
            // Whatever comes of it, it ends: an error, or a need for more.
            while let message = try? decoder.next() { _ = message }
        }
    }

    @Test func commandsAreEncodedByLength() {
        var bytes: [UInt8] = []
        RedisCommand(words: [Array("SET".utf8), [13, 10], []]).encode(into: &bytes)
        #expect(bytes == Array("*3\r\n$3\r\nSET\r\n$2\r\n\r\n\r\n$0\r\n\r\n".utf8))
    }
}
