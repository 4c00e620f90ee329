/// Reads the Redis serialization protocol, versions 2 and 3, from bytes that arrive in any pieces.
///
/// It keeps its place between pieces, so that no byte is read twice however small they are, and it counts what a reply
/// costs before it stores it.
struct RESPDecoder {
    /// What came whole.
    enum Message: Hashable {
        case reply(RedisValue)
        /// Sent by the server on its own (version 3): no reply to anything.
        case push
    }

    private enum Shape { case list, push, attribute }

    /// A list whose elements are still arriving.
    private struct Frame {
        let shape: Shape
        var remaining: Int
        var items: [RedisValue] = []
    }

    private enum Bulk { case bytes, error, verbatim }

    private var buffer: [UInt8] = []
    private var position = 0
    /// Where the search for the end of the line goes on.
    private var searched = 0
    private var awaited: (kind: Bulk, count: Int)?
    private var frames: [Frame] = []
    private var replyBytes = 0
    private var replyElements = 0

    mutating func append(_ bytes: some Collection<UInt8>) {
        if position > 0, position == buffer.count || position > 65_536 {
            buffer.removeFirst(position)
            searched -= position
            position = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole message; nil when more bytes are needed.
    mutating func next() throws(RedisFailure) -> Message? {
        while true {
            if let awaited {
                guard let value = try readBulk(awaited.kind, awaited.count) else { return nil }
                self.awaited = nil
                if let message = complete(value) { return message }
                continue
            }
            guard let line = try readLine() else { return nil }
            if let value = try begin(line), let message = complete(value) { return message }
        }
    }

    /// Folds a whole value into the list that it belongs to; a message when none is open any more.
    private mutating func complete(_ whole: RedisValue) -> Message? {
        var value = whole
        while var frame = frames.popLast() {
            frame.items.append(value)
            frame.remaining -= 1
            if frame.remaining > 0 {
                frames.append(frame)
                return nil
            }
            switch frame.shape {
            case .list: value = .list(frame.items)
            case .push where frames.isEmpty: return finish(.push)
            // Neither is part of the reply: what they stand before or within goes on.
            case .push, .attribute: return nil
            }
        }
        return finish(.reply(value))
    }

    private mutating func finish(_ message: Message) -> Message {
        replyBytes = 0
        replyElements = 0
        return message
    }

    /// Takes a line up to its CR LF.
    private mutating func readLine() throws(RedisFailure) -> ArraySlice<UInt8>? {
        searched = max(searched, position)
        while searched < buffer.count, buffer[searched] != UInt8(ascii: "\n") { searched += 1 }
        guard searched - position <= RedisLimits.lineBytes else {
            throw .tooLarge("a line of more than \(RedisLimits.lineBytes) bytes")
        }
        guard searched < buffer.count else { return nil }
        guard searched > position, buffer[searched - 1] == UInt8(ascii: "\r") else {
            throw .malformed("a line that does not end in CR LF")
        }
        let line = buffer[position..<(searched - 1)]
        try count(bytes: line.count + 2)
        searched += 1
        position = searched
        return line
    }

    private mutating func readBulk(_ kind: Bulk, _ count: Int) throws(RedisFailure) -> RedisValue? {
        guard buffer.count - position >= count + 2 else { return nil }
        let end = position + count
        guard buffer[end] == UInt8(ascii: "\r"), buffer[end + 1] == UInt8(ascii: "\n") else {
            throw .malformed("a string that is longer than it says")
        }
        let bytes = buffer[position..<end]
        position = end + 2
        switch kind {
        case .bytes: return .bytes(Array(bytes))
        case .error: return .error(RedisErrorReply(String(decoding: bytes, as: UTF8.self)))
        // `txt:` or `mkd:` stands before the text.
        case .verbatim:
            guard bytes.count >= 4 else { throw .malformed("a verbatim string without its format") }
            return .bytes(Array(bytes.dropFirst(4)))
        }
    }

    /// A value where the line is one; nil where it begins a longer one.
    private mutating func begin(_ line: ArraySlice<UInt8>) throws(RedisFailure) -> RedisValue? {
        guard let type = line.first else { throw .malformed("an empty line") }
        let rest = line.dropFirst()
        switch type {
        case UInt8(ascii: "+"), UInt8(ascii: "("): return .bytes(Array(rest))
        case UInt8(ascii: "-"): return .error(RedisErrorReply(String(decoding: rest, as: UTF8.self)))
        case UInt8(ascii: ":"): return .number(try Self.integer(rest))
        case UInt8(ascii: "_"): return .null
        case UInt8(ascii: "#"):
            guard rest.count == 1, let letter = rest.first, letter == UInt8(ascii: "t") || letter == UInt8(ascii: "f")
            else { throw .malformed("a boolean that is neither t nor f") }
            return .boolean(letter == UInt8(ascii: "t"))
        case UInt8(ascii: ","):
            guard let double = Double(String(decoding: rest, as: UTF8.self)) else {
                throw .malformed("a double that is no number")
            }
            return .double(double)
        case UInt8(ascii: "$"): return try beginBulk(.bytes, rest)
        case UInt8(ascii: "!"): return try beginBulk(.error, rest)
        case UInt8(ascii: "="): return try beginBulk(.verbatim, rest)
        // Version 2 has a list of length -1 for nothing.
        case UInt8(ascii: "*") where rest.elementsEqual("-1".utf8): return .null
        case UInt8(ascii: "*"), UInt8(ascii: "~"): return try beginList(.list, rest, perElement: 1)
        case UInt8(ascii: "%"): return try beginList(.list, rest, perElement: 2)
        case UInt8(ascii: ">"): return try beginList(.push, rest, perElement: 1)
        case UInt8(ascii: "|"): return try beginList(.attribute, rest, perElement: 2)
        default: throw .malformed("a reply of an unknown type")
        }
    }

    private mutating func beginBulk(_ kind: Bulk, _ rest: ArraySlice<UInt8>) throws(RedisFailure) -> RedisValue? {
        let length = try Self.integer(rest)
        if length == -1 { return .null }
        guard length >= 0 else { throw .malformed("a string of negative length") }
        guard length <= RedisLimits.replyBytes else { throw .tooLarge("a string of \(length) bytes") }
        try count(bytes: Int(length) + 2)
        awaited = (kind, Int(length))
        return nil
    }

    private mutating func beginList(
        _ shape: Shape, _ rest: ArraySlice<UInt8>, perElement: Int64
    ) throws(RedisFailure) -> RedisValue? {
        let length = try Self.integer(rest)
        guard length >= 0 else { throw .malformed("a list of negative length") }
        guard length <= RedisLimits.replyElements else { throw .tooLarge("a list of \(length) elements") }
        guard frames.count < RedisLimits.nesting else {
            throw .tooLarge("lists within lists, more than \(RedisLimits.nesting) deep")
        }
        let elements = Int(length * perElement)
        // Announced elements count, come or not: nothing is stored that cannot be finished.
        replyElements += elements
        guard replyElements <= RedisLimits.replyElements else {
            throw .tooLarge("a reply of more than \(RedisLimits.replyElements) elements")
        }
        if elements == 0 {
            // An empty attribute or an empty push says nothing.
            return shape == .list ? .list([]) : nil
        }
        frames.append(Frame(shape: shape, remaining: elements))
        return nil
    }

    private mutating func count(bytes: Int) throws(RedisFailure) {
        replyBytes += bytes
        guard replyBytes <= RedisLimits.replyBytes + RedisLimits.lineBytes else {
            throw .tooLarge("a reply of more than \(RedisLimits.replyBytes) bytes")
        }
    }

    private static func integer(_ digits: ArraySlice<UInt8>) throws(RedisFailure) -> Int64 {
        var rest = digits
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        guard !rest.isEmpty, rest.count <= 19 else { throw .malformed("a number that is none") }
        var number: Int64 = 0
        for digit in rest {
            let (shifted, isTooLong) = number.multipliedReportingOverflow(by: 10)
            // Downwards, where the range reaches further.
            let (next, isTooFar) = shifted.subtractingReportingOverflow(Int64(digit) - 48)
            guard (48...57).contains(digit), !isTooLong, !isTooFar else { throw .malformed("a number that is none") }
            number = next
        }
        guard isNegative || number != .min else { throw .malformed("a number that is none") }
        return isNegative ? number : -number
    }
}
