/// A server's reply: its code, and its lines without it.
struct SMTPReply: Hashable, Sendable {
    let code: Int
    let lines: [String]

    /// Done, and not merely a step on the way.
    var isPositive: Bool { (200..<300).contains(code) }
    /// The server certainly did not do what it was asked.
    var isRefusal: Bool { code >= 400 }
    /// Trying later may help (RFC 5321, 4.2.1).
    var isTransient: Bool { (400..<500).contains(code) }

    /// In one line, for people and receipts: without characters that steer terminals.
    var shown: String {
        let text = ([String(code)] + lines.filter { !$0.isEmpty }).joined(separator: " ")
        return String(text.prefix(SMTPLimits.shownReply))
    }
}

/// Takes replies out of what a server sends.
struct SMTPReplyDecoder {
    private var buffer: [UInt8] = []
    private var code: Int?
    private var lines: [String] = []

    /// Nothing is left over.
    var isEmpty: Bool { buffer.isEmpty && code == nil }

    mutating func append(_ bytes: some Sequence<UInt8>) { buffer += bytes }

    mutating func next() throws(SMTPFailure) -> SMTPReply? {
        while let end = buffer.firstIndex(of: 10) {
            guard end <= SMTPLimits.replyLine else { throw .malformed("a line of \(end) bytes") }
            var line = buffer[..<end]
            if line.last == 13 { line.removeLast() }
            let isLast = try take(Array(line))
            buffer.removeSubrange(...end)
            if isLast, let code {
                defer {
                    self.code = nil
                    lines = []
                }
                return SMTPReply(code: code, lines: lines)
            }
        }
        guard buffer.count <= SMTPLimits.replyLine else { throw .malformed("a line of over \(buffer.count) bytes") }
        return nil
    }

    /// True where the line is its reply's last.
    private mutating func take(_ line: [UInt8]) throws(SMTPFailure) -> Bool {
        let digits = line.prefix(3)
        guard digits.count == 3, digits.allSatisfy({ (48...57).contains($0) }),
            let found = Int(String(decoding: digits, as: UTF8.self)), (200...599).contains(found),
            code == nil || code == found
        else { throw .malformed("something that is no reply") }
        let mark = line.dropFirst(3).first
        guard mark == nil || mark == UInt8(ascii: " ") || mark == UInt8(ascii: "-") else {
            throw .malformed("something that is no reply")
        }
        guard lines.count < SMTPLimits.replyLines else { throw .malformed("a reply without end") }
        code = found
        lines.append(Self.plain(line.dropFirst(4)))
        return mark != UInt8(ascii: "-")
    }

    private static func plain(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map {
                    $0.properties.generalCategory == .control || $0.properties.isBidiControl ? " " : $0
                }))
    }
}
