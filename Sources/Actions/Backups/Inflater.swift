import CZlib

/// Unpacks gzip piece by piece, its members one after the other; zlib checks length and checksum of each.
final class Inflater {
    enum Problem: Error { case damaged, tooLarge }

    private let stream: UnsafeMutablePointer<z_stream>
    private var output = [UInt8](repeating: 0, count: 64 << 10)
    private(set) var head: [UInt8] = []
    private(set) var tail: [UInt8] = []
    /// Bytes that came of it.
    private(set) var count: Int64 = 0
    /// A member is begun and not ended.
    private(set) var isOpen = true

    init() throws {
        // zlib keeps its address: it must not move.
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let size = CInt(MemoryLayout<z_stream>.size)
        guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, size) == Z_OK else { throw Problem.damaged }
    }

    deinit {
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    func add(_ bytes: [UInt8]) throws(Problem) {
        var input = bytes
        let result: Result<Void, Problem> = input.withUnsafeMutableBufferPointer { buffer in
            stream.pointee.next_in = buffer.baseAddress
            stream.pointee.avail_in = UInt32(buffer.count)
            defer { stream.pointee.next_in = nil }
            do throws(Problem) { return .success(try unpack()) } catch { return .failure(error) }
        }
        try result.get()
    }

    private func unpack() throws(Problem) {
        var isFull = false
        // All input may be taken while output still waits for room.
        while stream.pointee.avail_in > 0 || isFull {
            if !isOpen {
                // What follows the last member may be padding.
                guard stream.pointee.next_in?.pointee != 0 else { return }
                inflateReset(stream)
                isOpen = true
            }
            let status = output.withUnsafeMutableBufferPointer { buffer in
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(buffer.count)
                return inflate(stream, Z_NO_FLUSH)
            }
            isFull = stream.pointee.avail_out == 0 && status == Z_OK
            keep(output[..<(output.count - Int(stream.pointee.avail_out))])
            guard count <= BackupLimits.unpacked else { throw .tooLarge }
            switch status {
            case Z_OK: break
            case Z_STREAM_END: isOpen = false
            // Nothing to do without more input.
            case Z_BUF_ERROR: return
            default: throw .damaged
            }
        }
    }

    private func keep(_ bytes: ArraySlice<UInt8>) {
        count += Int64(bytes.count)
        head += bytes.prefix(max(0, BackupLimits.head - head.count))
        tail = Array((tail + bytes.suffix(BackupLimits.tail)).suffix(BackupLimits.tail))
    }
}
