import CZlib

/// The compressed headers of SPDY/3: one zlib stream a direction for the whole connection, begun with a dictionary that
/// both sides know.
enum SPDYDictionary {
    private static let words = [
        "options", "head", "post", "put", "delete", "trace", "accept", "accept-charset", "accept-encoding",
        "accept-language", "accept-ranges", "age", "allow", "authorization", "cache-control", "connection",
        "content-base", "content-encoding", "content-language", "content-length", "content-location", "content-md5",
        "content-range", "content-type", "date", "etag", "expect", "expires", "from", "host", "if-match",
        "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-modified", "location",
        "max-forwards", "pragma", "proxy-authenticate", "proxy-authorization", "range", "referer", "retry-after",
        "server", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "vary", "via", "warning",
        "www-authenticate", "method", "get", "status", "200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie",
        "keep-alive", "origin",
    ]
    private static let tail =
        "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 "
        + "Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 "
        + "Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr "
        + "May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,"
        + "image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age="
        + "gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."

    static let bytes: [UInt8] =
        words.flatMap { word in SPDYFrame.number(word.utf8.count, bytes: 4) + Array(word.utf8) } + Array(tail.utf8)

    /// By which a compressed stream names the dictionary that it needs.
    static var checksum: UInt32 {
        UInt32(truncatingIfNeeded: adler32(1, bytes, UInt32(bytes.count)))
    }
}

/// Reads the header blocks of one direction, in order.
final class SPDYHeaderReader {
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

    private static let largestBlock = 256 << 10

    init() {
        stream.initialize(to: z_stream())
        inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// The names and values of a block; nil when it is damaged.
    func read(_ block: [UInt8]) -> [String: String]? { inflate(block).flatMap(Self.pairs) }

    private func inflate(_ block: [UInt8]) -> [UInt8]? {
        var input = block
        var plain: [UInt8] = []
        return input.withUnsafeMutableBufferPointer { input -> [UInt8]? in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(input.count)
            while true {
                var chunk = [UInt8](repeating: 0, count: 8192)
                let size = chunk.count
                let result = chunk.withUnsafeMutableBufferPointer { chunk -> Int32 in
                    stream.pointee.next_out = chunk.baseAddress
                    stream.pointee.avail_out = UInt32(size)
                    return CZlib.inflate(stream, Z_SYNC_FLUSH)
                }
                plain += chunk.prefix(size - Int(stream.pointee.avail_out))
                if result == Z_NEED_DICT {
                    guard inflateSetDictionary(stream, SPDYDictionary.bytes, UInt32(SPDYDictionary.bytes.count)) == Z_OK
                    else { return nil }
                    continue
                }
                guard result == Z_OK || result == Z_BUF_ERROR, plain.count <= Self.largestBlock else { return nil }
                if stream.pointee.avail_in == 0, stream.pointee.avail_out != 0 { return plain }
                if result == Z_BUF_ERROR { return nil }
            }
        }
    }

    private static func pairs(_ plain: [UInt8]) -> [String: String]? {
        var rest = plain[...]
        func number() -> Int? {
            guard rest.count >= 4 else { return nil }
            defer { rest = rest.dropFirst(4) }
            return rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        }
        func text() -> String? {
            guard let length = number(), length <= rest.count else { return nil }
            defer { rest = rest.dropFirst(length) }
            return String(decoding: rest.prefix(length), as: UTF8.self)
        }
        guard let count = number(), count < 1000 else { return nil }
        var found: [String: String] = [:]
        for _ in 0..<count {
            guard let name = text(), let value = text() else { return nil }
            found[name.lowercased()] = value
        }
        return found
    }
}

/// Writes the header blocks of one direction; we only ever send empty ones.
final class SPDYHeaderWriter {
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

    init() {
        stream.initialize(to: z_stream())
        deflateInit_(stream, Z_BEST_COMPRESSION, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        deflateSetDictionary(stream, SPDYDictionary.bytes, UInt32(SPDYDictionary.bytes.count))
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// A block without any header.
    func empty() -> [UInt8] {
        var plain = SPDYFrame.number(0, bytes: 4)
        var packed = [UInt8](repeating: 0, count: 256)
        let size = packed.count
        plain.withUnsafeMutableBufferPointer { plain in
            packed.withUnsafeMutableBufferPointer { packed in
                stream.pointee.next_in = plain.baseAddress
                stream.pointee.avail_in = UInt32(plain.count)
                stream.pointee.next_out = packed.baseAddress
                stream.pointee.avail_out = UInt32(size)
                _ = deflate(stream, Z_SYNC_FLUSH)
            }
        }
        return Array(packed.prefix(size - Int(stream.pointee.avail_out)))
    }
}
