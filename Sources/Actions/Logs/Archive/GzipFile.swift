import CZlib
import ClientKubernetes
import Crypto
import Host
import Maintenance
import Synchronization

/// Lines of a log on their way into a compressed file; holds a buffer, whatever the length of the log.
final class GzipFile: Sendable {
    private struct State {
        var deflate: Deflate
        var hash = SHA256()
        var size: Int64 = 0
        var lines = 0
        var bytes = 0
        var isInsideLine = false
        var mostHeld = 0
    }

    let scratch: ScratchFile
    private let state: Mutex<State>

    init(_ scratch: ScratchFile) throws {
        self.scratch = scratch
        state = Mutex(State(deflate: try Deflate()))
    }

    /// Lines and bytes before compression.
    var text: (lines: Int, bytes: Int) { state.withLock { ($0.lines, $0.bytes) } }
    /// The most that was held at once, in bytes.
    var mostHeld: Int { state.withLock { $0.mostHeld } }

    /// Each line with its time, as `kubectl logs --timestamps` writes it.
    func write(_ lines: [LogLine], until deadline: Duration, on host: Host) async throws {
        var text: [UInt8] = []
        for line in lines {
            if !line.isContinued { text += Array("\(line.time) ".utf8) }
            text += line.bytes
            if line.isEnd { text.append(UInt8(ascii: "\n")) }
        }
        let isInside = lines.last.map { !$0.isEnd } ?? false
        let ended = lines.filter(\.isEnd).count
        try await add(text, lines: ended, isInside: isInside, isLast: false, until: deadline, on: host)
    }

    /// The end of the file; what it is then.
    func finish(until deadline: Duration, on host: Host) async throws -> (sha256: String, size: Int64) {
        // A line that broke off ends here.
        let isInside = state.withLock { $0.isInsideLine }
        let rest: [UInt8] = isInside ? [UInt8(ascii: "\n")] : []
        try await add(rest, lines: rest.count, isInside: false, isLast: true, until: deadline, on: host)
        return state.withLock { (hex($0.hash.finalize()), $0.size) }
    }

    private func add(
        _ text: [UInt8], lines: Int, isInside: Bool, isLast: Bool, until deadline: Duration, on host: Host
    ) async throws {
        let done: Void? = try await OffPool.run(until: deadline, on: host) { [self] in
            try state.withLock { state in
                state.lines += lines
                state.bytes += text.count
                state.isInsideLine = isInside
                state.mostHeld = max(state.mostHeld, text.count + LogsActionLimits.buffer)
                try state.deflate.add(text, isLast: isLast) { bytes in
                    try scratch.append(bytes, at: state.size)
                    state.hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
                    state.size += Int64(bytes.count)
                }
            }
        }
        guard done != nil else { throw CouldNotLook(.timedOut, "The scratch file could not be written in time.") }
    }
}

/// zlib's compressor, with gzip's head and tail. The same text gives the same bytes: the head holds no time.
// Safe because only the one who holds it, behind a lock, calls it.
final class Deflate: @unchecked Sendable {
    private let stream: UnsafeMutablePointer<z_stream>
    private var buffer = [UInt8](repeating: 0, count: LogsActionLimits.buffer)

    init() throws {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window, and 16 more for gzip's head.
        let code = deflateInit2_(
            stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            stream.deallocate()
            throw CouldNotLook(.unexpected, "There is no memory to compress with.")
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func add(_ text: [UInt8], isLast: Bool, _ sink: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
        // The library reads from the pointer, and does not write to it.
        var text = text
        try text.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(input.count)
            var code = Z_OK
            repeat {
                let made = buffer.withUnsafeMutableBufferPointer { output in
                    stream.pointee.next_out = output.baseAddress
                    stream.pointee.avail_out = UInt32(output.count)
                    code = deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
                    return output.count - Int(stream.pointee.avail_out)
                }
                guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
                    throw CouldNotLook(.unexpected, "The log could not be compressed.")
                }
                if made > 0 {
                    try buffer.withUnsafeBufferPointer { try sink(UnsafeBufferPointer(rebasing: $0[..<made])) }
                }
            } while stream.pointee.avail_out == 0 || isLast && code != Z_STREAM_END
        }
    }
}
