import Maintenance

/// What a program wrote to one stream: its beginning and its end, however much lies between.
struct CapturedOutput: Sendable {
    private var head: [UInt8] = []
    private var tail: [UInt8] = []
    private var total = 0
    private var line: [UInt8] = []
    private(set) var lines = 0

    /// Returns the last line that is complete now.
    mutating func append(_ bytes: [UInt8]) -> String? {
        total += bytes.count
        let room = ProgramLimits.outputEnd - head.count
        head += bytes.prefix(max(0, room))
        tail += bytes.dropFirst(max(0, room))
        // Trimmed only now and then: each trim moves what is kept.
        if tail.count > 2 * ProgramLimits.outputEnd { tail.removeFirst(tail.count - ProgramLimits.outputEnd) }
        return lastLine(in: bytes)
    }

    private mutating func lastLine(in bytes: [UInt8]) -> String? {
        let breaks = bytes.reduce(0) { $0 + ($1 == 10 ? 1 : 0) }
        guard breaks > 0, let end = bytes.lastIndex(of: 10) else {
            if line.count < 4 * ProgramLimits.progressLine { line += bytes }
            return nil
        }
        lines += breaks
        let start = bytes[..<end].lastIndex(of: 10).map { $0 + 1 }
        let last = start.map { Array(bytes[$0..<end]) } ?? line + bytes[..<end]
        line = Array(bytes[(end + 1)...])
        return String(decoding: last, as: UTF8.self)
    }

    /// The text, without secrets; what was left out is said in its place.
    func text(_ masker: Masker) -> String {
        let end = tail.suffix(ProgramLimits.outputEnd)
        let left = total - head.count - end.count
        guard left > 0 else { return String(decoding: masker.mask(head + end), as: UTF8.self) }
        // A secret that the gap cuts in two is not found by the masker; what is left of it lies in the margins.
        let before = masker.mask(head).dropLast(ProgramLimits.gapMargin)
        let after = masker.mask(Array(end)).dropFirst(ProgramLimits.gapMargin)
        return String(decoding: before, as: UTF8.self) + "\n… \(left + 2 * ProgramLimits.gapMargin) bytes left out …\n"
            + String(decoding: after, as: UTF8.self)
    }
}
