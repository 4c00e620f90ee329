import Glibc

/// Takes the bytes of a log with times apart into lines. It holds no more than one line, and of that one no more than
/// the limit.
struct LogLineReader {
    private let limit: Int
    private let longLines: LongLines
    /// What came of the current line, from its time on; empty where only its rest is awaited.
    private var held: [UInt8] = []
    /// The current line's time, once its first piece was handed over.
    private var begun: LogTime?
    /// The current line began with no time: it is nothing that a container wrote.
    private var isStray = false
    /// The rest of the current line is left out.
    private var isSkipping = false
    /// Lines without a time: words of the kubelet or of a proxy in the midst of a log.
    private(set) var strayLines = 0

    init(limit: Int, longLines: LongLines) {
        self.limit = limit
        self.longLines = longLines
    }

    /// Bytes that are held at the moment.
    var heldBytes: Int { held.count }

    /// The lines that these bytes complete.
    mutating func read(_ chunk: [UInt8]) -> [LogLine] {
        var lines: [LogLine] = []
        var start = chunk.startIndex
        while start < chunk.endIndex {
            let end = Self.lineFeed(in: chunk, from: start)
            take(chunk[start..<(end ?? chunk.endIndex)], into: &lines)
            guard let end else { break }
            finish(into: &lines)
            start = end + 1
        }
        return lines
    }

    private static func lineFeed(in chunk: [UInt8], from start: Int) -> Int? {
        chunk.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, let found = memchr(base + start, 10, bytes.count - start) else {
                return nil
            }
            return UnsafeRawPointer(found) - base
        }
    }

    /// What came of a line whose end did not come; `nil` where there is no such line.
    var unfinished: [UInt8]? { held.isEmpty && begun == nil && !isStray ? nil : held }

    /// At the end of the log: a last line without a line feed is a line too.
    mutating func end() -> [LogLine] {
        var lines: [LogLine] = []
        if !held.isEmpty || begun != nil || isStray { finish(into: &lines) }
        return lines
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>, into lines: inout [LogLine]) {
        var rest = bytes
        while !rest.isEmpty, !isSkipping {
            let room = limit - held.count
            held += rest.prefix(room)
            rest = rest.dropFirst(room)
            if !rest.isEmpty { handOverFull(into: &lines) }
        }
    }

    /// What is held has reached the limit, and the line goes on.
    private mutating func handOverFull(into lines: inout [LogLine]) {
        guard let (time, text) = separated() else {
            stray()
            isSkipping = true
            return
        }
        let isFirst = begun == nil
        switch longLines {
        case .cut:
            lines.append(LogLine(time: time, bytes: text, isContinued: false, isEnd: true, isCut: true))
            isSkipping = true
        case .pieces:
            lines.append(LogLine(time: time, bytes: text, isContinued: !isFirst, isEnd: false))
        }
        begun = time
        held = []
    }

    private mutating func finish(into lines: inout [LogLine]) {
        if !isSkipping {
            if let (time, text) = separated() {
                lines.append(LogLine(time: time, bytes: text, isContinued: begun != nil, isEnd: true))
            } else {
                stray()
            }
        }
        held = []
        begun = nil
        isStray = false
        isSkipping = false
    }

    /// The line's time, and the text that is held of it.
    private func separated() -> (LogTime, ArraySlice<UInt8>)? {
        if let begun { return (begun, held[...]) }
        let head = held.prefix(LogLimits.timeBytes)
        // A line without a text ends with its time.
        let space = head.firstIndex(of: UInt8(ascii: " ")) ?? held.endIndex
        guard space <= LogLimits.timeBytes, let time = LogTime(held[..<space]) else { return nil }
        return (time, held[min(space + 1, held.endIndex)...])
    }

    private mutating func stray() {
        strayLines += 1
        isStray = true
        held = []
    }
}
