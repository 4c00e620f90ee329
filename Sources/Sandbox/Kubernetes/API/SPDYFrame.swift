/// A frame of SPDY/3.1.
enum SPDYFrame: Equatable {
    case synStream(Int, isLast: Bool, headers: [UInt8])
    case reset(Int)
    case ping([UInt8])
    case goAway
    case data(Int, [UInt8], isLast: Bool)
    /// What needs no answer: settings, window updates, headers.
    case other

    static func number(_ value: Int, bytes: Int) -> [UInt8] {
        (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    private static func control(_ type: Int, flags: UInt8 = 0, _ content: [UInt8]) -> [UInt8] {
        [0x80, 0x03] + number(type, bytes: 2) + [flags] + number(content.count, bytes: 3) + content
    }

    static func synReply(_ stream: Int, headers: [UInt8]) -> [UInt8] {
        control(2, number(stream, bytes: 4) + headers)
    }

    static func pingReply(_ id: [UInt8]) -> [UInt8] { control(6, id) }

    static func goAway(last stream: Int) -> [UInt8] { control(7, number(stream, bytes: 4) + number(0, bytes: 4)) }

    static func data(_ stream: Int, _ bytes: [UInt8], isLast: Bool) -> [UInt8] {
        number(stream, bytes: 4) + [isLast ? 1 : 0] + number(bytes.count, bytes: 3) + bytes
    }
}

/// Cuts a stream of bytes into frames.
struct SPDYFrameReader {
    private var bytes: [UInt8] = []

    private static let largestFrame = 1 << 20

    struct TooLarge: Error {}

    mutating func append(_ more: some Sequence<UInt8>) { bytes += more }

    mutating func next() throws -> SPDYFrame? {
        guard bytes.count >= 8 else { return nil }
        let length = Int(bytes[5]) << 16 | Int(bytes[6]) << 8 | Int(bytes[7])
        guard length <= Self.largestFrame else { throw TooLarge() }
        guard bytes.count >= 8 + length else { return nil }
        let head = Array(bytes[..<8])
        let content = Array(bytes[8..<8 + length])
        bytes.removeFirst(8 + length)
        return frame(head, content)
    }

    private func frame(_ head: [UInt8], _ content: [UInt8]) -> SPDYFrame {
        let isLast = head[4] & 1 != 0
        func stream(_ bytes: some Collection<UInt8>) -> Int {
            bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) } & 0x7fff_ffff
        }
        guard head[0] & 0x80 != 0 else { return .data(stream(head), content, isLast: isLast) }
        switch Int(head[2]) << 8 | Int(head[3]) {
        case 1 where content.count >= 10:
            return .synStream(stream(content), isLast: isLast, headers: Array(content.dropFirst(10)))
        case 3: return .reset(stream(content))
        case 6: return .ping(content)
        case 7: return .goAway
        default: return .other
        }
    }
}
