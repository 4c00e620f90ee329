import CZlib
import Crypto
import Glibc
import Maintenance
import Synchronization

/// Reads a compressed log back as it comes: its digest, and the lines and bytes that it really holds.
final class GunzipCount: Sendable {
    struct Result: Equatable {
        var sha256 = ""
        var size: Int64 = 0
        var lines = 0
        var bytes = 0
        /// True where it is whole: gzip's own tail was there, and right.
        var isWhole = false
    }

    private struct State {
        var inflate: Inflate
        var hash = SHA256()
        var result = Result()
        var isBroken = false
    }

    private let state: Mutex<State>

    init() throws { state = Mutex(State(inflate: try Inflate())) }

    func add(_ bytes: [UInt8]) {
        state.withLock { state in
            state.hash.update(data: bytes)
            state.result.size += Int64(bytes.count)
            guard !state.isBroken else { return }
            var (lines, length) = (0, 0)
            let ended = state.inflate.add(bytes) { text in
                length += text.count
                lines += Self.lineFeeds(in: text)
            }
            state.result.lines += lines
            state.result.bytes += length
            switch ended {
            case .whole?: state.result.isWhole = true
            case .broken?: (state.isBroken, state.result.isWhole) = (true, false)
            case nil: break
            }
        }
    }

    private static func lineFeeds(in text: UnsafeBufferPointer<UInt8>) -> Int {
        guard var place = UnsafeRawPointer(text.baseAddress) else { return 0 }
        let end = place + text.count
        var count = 0
        while place < end, let found = memchr(place, 10, end - place) {
            count += 1
            place = UnsafeRawPointer(found) + 1
        }
        return count
    }

    var result: Result {
        state.withLock { state in
            var result = state.result
            result.sha256 = hex(state.hash.finalize())
            return result
        }
    }
}

/// zlib's decompressor for gzip.
// Safe because only the one who holds it, behind a lock, calls it.
final class Inflate: @unchecked Sendable {
    enum End { case whole, broken }

    private let stream: UnsafeMutablePointer<z_stream>
    private var buffer = [UInt8](repeating: 0, count: LogsActionLimits.buffer)
    private var hasEnded = false

    init() throws {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deallocate()
            throw CouldNotLook(.unexpected, "There is no memory to decompress with.")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// `nil` while there is more to come.
    func add(_ bytes: [UInt8], _ sink: (UnsafeBufferPointer<UInt8>) -> Void) -> End? {
        guard !bytes.isEmpty else { return nil }
        // Something follows the end.
        guard !hasEnded else { return .broken }
        var bytes = bytes
        return bytes.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(input.count)
            repeat {
                var code = Z_OK
                let made = buffer.withUnsafeMutableBufferPointer { output in
                    stream.pointee.next_out = output.baseAddress
                    stream.pointee.avail_out = UInt32(output.count)
                    code = inflate(stream, Z_NO_FLUSH)
                    return output.count - Int(stream.pointee.avail_out)
                }
                buffer.withUnsafeBufferPointer { sink(UnsafeBufferPointer(rebasing: $0[..<made])) }
                if code == Z_STREAM_END {
                    hasEnded = true
                    return stream.pointee.avail_in == 0 ? .whole : .broken
                }
                guard code == Z_OK || code == Z_BUF_ERROR else { return .broken }
            } while stream.pointee.avail_out == 0
            return nil
        }
    }
}
