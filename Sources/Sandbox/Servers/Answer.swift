import Foundation

/// What a `StandInServer` answers.
public struct Answer: Sendable {
    /// The bytes after the head.
    public enum Body: Sendable, ExpressibleByStringLiteral {
        case bytes([UInt8])
        /// Chunks of this, until the client goes away.
        case endless([UInt8])
        /// Announces `length` bytes, sends these, and closes.
        case short([UInt8], length: Int)
        /// Sends these byte by byte with a pause after each, in chunks.
        case trickle([UInt8], every: Duration)
        /// Sends these in a chunk, and then nothing; the connection stays open until the client leaves.
        case held([UInt8])
        /// The whole answer as raw bytes, head included: anything at all. Then the end.
        case raw([UInt8])
        /// Nothing, not even a head; the connection stays open until the client leaves.
        case silence

        public init(stringLiteral value: String) { self = .bytes(Array(value.utf8)) }
    }

    public var status: Int
    public var headers: [(String, String)]
    public var body: Body
    /// Before the first byte.
    public var delay: Duration

    public init(
        status: Int = 200, headers: [(String, String)] = [], body: Body = .bytes([]), delay: Duration = .zero
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.delay = delay
    }

    public static func json(_ text: String, status: Int = 200, delay: Duration = .zero) -> Answer {
        Answer(
            status: status, headers: [("Content-Type", "application/json")], body: .bytes(Array(text.utf8)),
            delay: delay)
    }

    public static func redirect(to location: String, status: Int = 302) -> Answer {
        Answer(status: status, headers: [("Location", location)])
    }

    /// `false` when the connection is over.
    func send(to client: Int32, isHead: Bool) -> Bool {
        if delay > .zero { usleep(UInt32(delay / .microseconds(1))) }
        switch body {
        case .bytes(let bytes):
            return Loopback.sendAll(client, head("Content-Length: \(bytes.count)") + (isHead ? [] : bytes))
        case .short(let bytes, let length):
            _ = Loopback.sendAll(client, head("Content-Length: \(length)") + bytes)
            return false
        case .endless(let bytes):
            guard Loopback.sendAll(client, head("Transfer-Encoding: chunked")) else { return false }
            let chunk = Self.chunk(bytes)
            while Loopback.sendAll(client, chunk) {}
            return false
        case .trickle(let bytes, let pause):
            guard Loopback.sendAll(client, head("Transfer-Encoding: chunked")) else { return false }
            for byte in bytes {
                guard Loopback.sendAll(client, Self.chunk([byte])) else { return false }
                usleep(UInt32(pause / .microseconds(1)))
            }
            return Loopback.sendAll(client, Array("0\r\n\r\n".utf8))
        case .held(let bytes):
            guard Loopback.sendAll(client, head("Transfer-Encoding: chunked")) else { return false }
            guard bytes.isEmpty || Loopback.sendAll(client, Self.chunk(bytes)) else { return false }
            while !Loopback.receive(client).isEmpty {}
            return false
        case .raw(let bytes):
            _ = Loopback.sendAll(client, bytes)
            return false
        case .silence:
            while !Loopback.receive(client).isEmpty {}
            return false
        }
    }

    private func head(_ length: String) -> [UInt8] {
        let lines = ["HTTP/1.1 \(status) \(status == 200 ? "OK" : "Scripted")", length]
        return Array((lines + headers.map { "\($0): \($1)" }).joined(separator: "\r\n").utf8) + Array("\r\n\r\n".utf8)
    }

    private static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        Array((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + [13, 10]
    }
}

/// Reads one request after the other from a connection.
struct RequestReader {
    let descriptor: Int32
    let largestBody: Int
    private var buffer: [UInt8] = []

    init(descriptor: Int32, largestBody: Int) {
        self.descriptor = descriptor
        self.largestBody = largestBody
    }

    /// `nil` at the end of the connection, or when what comes is not HTTP.
    mutating func next() -> StandInServer.Request? {
        guard let head = take(until: Array("\r\n\r\n".utf8)) else { return nil }
        var lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        guard !lines.isEmpty else { return nil }
        let first = lines.removeFirst().split(separator: " ")
        guard first.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        guard let body = body(headers) else { return nil }
        return StandInServer.Request(
            method: String(first[0]), target: String(first[1]), headers: headers, body: body)
    }

    private mutating func body(_ headers: [String: String]) -> [UInt8]? {
        if headers["transfer-encoding"]?.lowercased() == "chunked" { return chunks() }
        guard let length = headers["content-length"] else { return [] }
        guard let count = Int(length), count >= 0, count <= largestBody else { return nil }
        return take(count)
    }

    private mutating func chunks() -> [UInt8]? {
        var all: [UInt8] = []
        while let line = take(until: [13, 10]), let count = Int(String(decoding: line, as: UTF8.self), radix: 16),
            count >= 0, all.count + count <= largestBody
        {
            guard let bytes = take(count), take(2) != nil else { return nil }
            if count == 0 { return all }
            all += bytes
        }
        return nil
    }

    private mutating func take(until mark: [UInt8]) -> [UInt8]? {
        while true {
            if let range = buffer.firstRange(of: mark) {
                defer { buffer.removeSubrange(..<range.upperBound) }
                return Array(buffer[..<range.lowerBound])
            }
            guard buffer.count < 1 << 20, more() else { return nil }
        }
    }

    private mutating func take(_ count: Int) -> [UInt8]? {
        while buffer.count < count { guard more() else { return nil } }
        defer { buffer.removeSubrange(..<count) }
        return Array(buffer[..<count])
    }

    private mutating func more() -> Bool {
        let bytes = Loopback.receive(descriptor)
        buffer += bytes
        return !bytes.isEmpty
    }
}
