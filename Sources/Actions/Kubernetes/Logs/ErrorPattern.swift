/// What makes a line an error where a plan says nothing else: the level that the line itself states, or, where it states
/// none, a word that every logger writes in capitals for an error. When in doubt a line counts.
struct ErrorPattern: Sendable {
    /// Fields of a JSON line that hold the level; the first that is there decides.
    var fields = ["level", "severity", "lvl", "levelname", "log.level", "loglevel", "@l", "level_name", "log_level"]
    /// Levels that are errors, in lower case.
    var levels: Set<String> = [
        "error", "err", "eror", "critical", "crit", "fatal", "ftl", "severe", "alert", "emergency", "emerg", "panic",
        "dpanic", "failure",
    ]
    /// Whether only a level counts, and never a word in the text.
    var levelsOnly = false

    static let words: [[UInt8]] = [
        "ERROR", "CRITICAL", "FATAL", "SEVERE", "PANIC", "EMERG", "ALERT", "CRIT", "ERR",
        "[error]", "[crit]", "[alert]", "[emerg]", "[fatal]", "[critical]",
        "level=error", "level=err", "level=fatal", "level=panic", "level=critical", "level=crit", "level=dpanic",
        "lvl=eror", "lvl=error", "lvl=crit", "severity=error", "severity=critical",
        "level=\"error\"", "level=\"fatal\"", "level=\"critical\"", "level=\"panic\"",
    ].map { Array($0.utf8) }
    /// What a runtime writes without a level when a program breaks.
    static let beginnings: [[UInt8]] = [
        "error:", "Error:", "fatal:", "Fatal:", "panic:", "fatal error:", "Exception in thread", "Unhandled exception",
        "Uncaught ", "Segmentation fault", "thread 'main' panicked",
    ].map { Array($0.utf8) }
    static let trace = Array("Traceback (most recent call last)".utf8)
    private static let wordsByFirst = Dictionary(grouping: words) { $0[0] }

    func isError(_ line: ArraySlice<UInt8>) -> Bool {
        let text = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        if text.first == UInt8(ascii: "{"), let level = LevelField(fields).level(of: text) { return isError(level) }
        if levelsOnly { return false }
        if Self.isKlogError(text) || Self.beginnings.contains(where: { text.starts(with: $0) }) { return true }
        return Self.hasWord(text)
    }

    /// True for the first line of a trace, which follows the line that says the level, or stands alone.
    static func isTrace(_ line: ArraySlice<UInt8>) -> Bool { line.starts(with: trace) }

    private func isError(_ level: LevelField.Level) -> Bool {
        switch level {
        case .word(let word): levels.contains(word.lowercased())
        // Syslog counts from 1, alert, over 3, error, to 7; pino and bunyan from 10 over 50, error, to 60. 0 is emergency
        // with the one and the plainest information with others; nobody writes emergencies.
        case .number(let number): (1...3).contains(number) || number >= 50
        }
    }

    /// `E0102 15:04:05.000000`, as Kubernetes' own programs write.
    private static func isKlogError(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first, first == UInt8(ascii: "E") || first == UInt8(ascii: "F"), text.count > 6 else {
            return false
        }
        let figures = text.dropFirst().prefix(4)
        return figures.count == 4 && figures.allSatisfy { (48...57).contains($0) }
            && text[text.startIndex + 5] == UInt8(ascii: " ")
    }

    /// A word by itself: neither a part of a longer one, nor a name such as ERROR_COUNT.
    private static func hasWord(_ text: ArraySlice<UInt8>) -> Bool {
        text.withUnsafeBufferPointer { bytes in
            var index = 0
            var isInside = false
            while index < bytes.count {
                let byte = bytes[index]
                if !isInside || byte == UInt8(ascii: "["), let candidates = Self.candidates(byte) {
                    for word in candidates where isWord(word, at: index, bytes) { return true }
                }
                isInside = isWordByte(byte)
                index += 1
            }
            return false
        }
    }

    private static func candidates(_ byte: UInt8) -> [[UInt8]]? {
        switch byte {
        case UInt8(ascii: "E"), UInt8(ascii: "C"), UInt8(ascii: "F"), UInt8(ascii: "S"), UInt8(ascii: "P"),
            UInt8(ascii: "A"), UInt8(ascii: "["), UInt8(ascii: "l"), UInt8(ascii: "s"):
            wordsByFirst[byte]
        default: nil
        }
    }

    private static func isWord(_ word: [UInt8], at start: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard start + word.count <= bytes.count else { return false }
        for offset in word.indices where bytes[start + offset] != word[offset] { return false }
        let end = start + word.count
        return end == bytes.count || !isWordByte(bytes[end]) || !isWordByte(word[word.count - 1])
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
            || byte >= 128
    }
}
